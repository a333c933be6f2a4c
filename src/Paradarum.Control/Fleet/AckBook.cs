using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>
/// What receipts show: how far everything came, who acknowledged what when, and what it removed. Holds nothing that is not on disk, so a crash of the control plane
/// never takes back what was shown. The newest is kept in memory, in ranges of positions. Guarded by the desk's lock.
/// </summary>
internal sealed class AckBook
{
    /// <summary>Ranges per node, and positions with counts, that are kept in memory; older ones are read from the database.</summary>
    private const int MostRemembered = 4096;

    /// <summary>Ranges of all nodes together: the more nodes there are, the fewer of each, down to <see cref="FewestOfNode"/>.</summary>
    private const int MostRanges = 1 << 18;

    private const int FewestOfNode = 16;

    private readonly Dictionary<string, List<AckRange>> _byNode = new(StringComparer.Ordinal);
    private readonly SortedDictionary<ulong, Dictionary<string, PurgeCount>> _counts = [];
    private readonly List<Completed> _completed = [];
    private readonly Dictionary<string, (ulong Applied, ulong Final)> _through = new(StringComparer.Ordinal);
    private readonly ulong _startedAt;
    private ulong _forgottenThrough;

    public AckBook(FleetMemory memory)
    {
        // Counts of the newest rows are known, but not where the oldest of them begin: at a start everything is looked up.
        _forgottenThrough = _startedAt = memory.Start.Head;
        (ShieldFrontier, PopFrontier) = (memory.ShieldFrontier, memory.PopFrontier);
        _completed.AddRange(memory.Completed);
        foreach (var node in memory.Nodes)
            _through[node.Id] = (node.AppliedThrough, node.FinalThrough);
        foreach (var range in memory.Acks.OrderBy(range => range.Through))
            RangesOf(range.NodeId).Add(range);
        foreach (var (key, count) in memory.Counts)
            CountsAt(key.Position)[key.NodeId] = count;
    }

    /// <summary>The furthest that any node was ever sent.</summary>
    public ulong ShieldFrontier { get; private set; }

    /// <summary>The furthest that PoPs were ever sent, or could have been.</summary>
    public ulong PopFrontier { get; private set; }

    /// <summary>Reports of widened purges since the start, once for each node and purge.</summary>
    public long Widened { get; private set; }

    /// <summary>Takes in what has just become durable.</summary>
    public void Take(FleetNews news)
    {
        (ShieldFrontier, PopFrontier) = (Math.Max(ShieldFrontier, news.ShieldFrontier), Math.Max(PopFrontier, news.PopFrontier));
        foreach (var node in news.Advanced)
        {
            var known = _through.GetValueOrDefault(node.Id);
            _through[node.Id] = (Math.Max(known.Applied, node.AppliedThrough), Math.Max(known.Final, node.FinalThrough));
        }
        foreach (var range in news.Acks)
        {
            var ranges = RangesOf(range.NodeId);
            ranges.Add(range);
            if (ranges.Count > 2 * MostOfNode)
                ranges.RemoveRange(0, ranges.Count - MostOfNode);
        }
        foreach (var (key, count) in news.Counts)
        {
            var counts = CountsAt(key.Position);
            if (count.Widened && counts.GetValueOrDefault(key.NodeId) is not { Widened: true })
                Widened++;
            counts[key.NodeId] = Grown(counts.GetValueOrDefault(key.NodeId), count);
        }
        if (_counts.Count > 2 * MostRemembered)
            ForgetOldCounts();
        _completed.AddRange(news.Completed);
        if (_completed.Count > 2 * MostRemembered)
            _completed.RemoveRange(0, MostRemembered);
    }

    /// <summary>Null when it is not remembered: it may be in the database.</summary>
    public Completed? CompletedAt(ulong position)
    {
        var (low, high) = (0, _completed.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_completed[middle].Through >= position)
                high = middle;
            else
                low = middle + 1;
        }
        return low < _completed.Count && _completed[low].After < position ? _completed[low] : null;
    }

    /// <summary>Nothing of the node that may still serve is behind the position.</summary>
    public bool HasApplied(string nodeId, ulong position) => _through.GetValueOrDefault(nodeId).Applied >= position;

    /// <summary>When the node acknowledged the position; null when it did not, or when that is not remembered.</summary>
    public DateTimeOffset? AppliedAt(string nodeId, ulong position)
    {
        if (!_byNode.TryGetValue(nodeId, out var ranges))
            return null;
        // The newest are asked for most; ranges of one node follow one another.
        for (var i = ranges.Count - 1; i >= 0 && ranges[i].Through >= position; i--)
        {
            if (ranges[i].After < position)
                return ranges[i].At;
        }
        return null;
    }

    public PurgeCount? CountOf(string nodeId, ulong position) =>
        _counts.TryGetValue(position, out var byNode) ? byNode.GetValueOrDefault(nodeId) : null;

    /// <summary>
    /// What a node's figures are after it said them again. They only grow, and not at all once they were final: a node that was killed applies what its disk had not taken down yet once more, and
    /// finds less than the first time.
    /// </summary>
    public static PurgeCount Grown(PurgeCount? known, PurgeCount said) =>
        known is null ? said
        : known.Final ? known
        : new PurgeCount
        {
            Position = said.Position,
            Objects = Math.Max(known.Objects, said.Objects),
            Bytes = Math.Max(known.Bytes, said.Bytes),
            ReclaimedObjects = Math.Max(known.ReclaimedObjects, said.ReclaimedObjects),
            ReclaimedBytes = Math.Max(known.ReclaimedBytes, said.ReclaimedBytes),
            Widened = known.Widened || said.Widened,
            Final = said.Final,
        };

    /// <summary>Nodes that reported figures for a position.</summary>
    public IEnumerable<string> CountedAt(ulong position) => _counts.TryGetValue(position, out var byNode) ? byNode.Keys : [];

    /// <summary>
    /// Whether the node's figures for a position it applied no longer grow: the node said so of that purge, or of all up to some position. A figure of zero that was
    /// the last is remembered, not written, so one from before this start counts only when the node's own mark covers it.
    /// </summary>
    public bool AreFinal(string nodeId, ulong position, PurgeCount? count) =>
        count is { Final: true }
        || position <= _through.GetValueOrDefault(nodeId).Final
        || (count is null && !Marks(nodeId) && WasForgotten(position));

    /// <summary>Counts below this position may have been forgotten here.</summary>
    public bool RemembersCountsAt(ulong position) => position > _forgottenThrough || _counts.ContainsKey(position);

    /// <summary>The node says itself up to where its figures are final, and for good reason no further: it may have lost some.</summary>
    private bool Marks(string nodeId) => _through.GetValueOrDefault(nodeId).Final > 0;

    /// <summary>So many purges ago, in this process: what never came for it will not come.</summary>
    private bool WasForgotten(ulong position) => position > _startedAt && position <= _forgottenThrough;

    private void ForgetOldCounts()
    {
        foreach (var old in _counts.Keys.Take(MostRemembered).ToList())
        {
            _counts.Remove(old);
            _forgottenThrough = Math.Max(_forgottenThrough, old);
        }
    }

    private int MostOfNode => Math.Clamp(MostRanges / Math.Max(1, _byNode.Count), FewestOfNode, MostRemembered);

    private List<AckRange> RangesOf(string nodeId) => _byNode.TryGetValue(nodeId, out var ranges) ? ranges : _byNode[nodeId] = [];

    private Dictionary<string, PurgeCount> CountsAt(ulong position) =>
        _counts.TryGetValue(position, out var byNode) ? byNode : _counts[position] = new(StringComparer.Ordinal);
}
