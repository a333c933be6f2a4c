using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>
/// Who acknowledged what when, and what it removed: the newest in memory, and what is yet to be written. Acknowledgements are ranges of positions, never an
/// entry per node and purge. Guarded by the desk's lock.
/// </summary>
internal sealed class AckBook
{
    /// <summary>Ranges per node, and positions with counts, that are kept in memory; older ones are read from the database.</summary>
    private const int MostRemembered = 4096;

    private readonly Dictionary<string, List<AckRange>> _byNode = new(StringComparer.Ordinal);
    private readonly SortedDictionary<ulong, Dictionary<string, PurgeCount>> _counts = [];
    private readonly List<Completed> _completed = [];
    private readonly Dictionary<string, ulong> _finalThrough = new(StringComparer.Ordinal);
    private ulong _forgottenThrough;
    private List<AckRange> _newAcks = [];
    private Dictionary<CountKey, PurgeCount> _newCounts = [];

    public bool HasNews => _newAcks.Count > 0 || _newCounts.Count > 0;

    public void Remember(FleetMemory memory)
    {
        _completed.AddRange(memory.Completed);
        // Figures of zero were never written: where none are found now, none will come.
        _forgottenThrough = memory.Start.Head;
        foreach (var range in memory.Acks.OrderBy(range => range.Through))
            RangesOf(range.NodeId).Add(range);
        foreach (var (key, count) in memory.Counts)
            CountsAt(key.Position)[key.NodeId] = count;
    }

    public void Acknowledged(string nodeId, ulong after, ulong through, DateTimeOffset at)
    {
        if (through <= after)
            return;
        var range = new AckRange(nodeId, after, through, at);
        _newAcks.Add(range);
        var ranges = RangesOf(nodeId);
        ranges.Add(range);
        if (ranges.Count > 2 * MostRemembered)
            ranges.RemoveRange(0, MostRemembered);
    }

    public void Counted(string nodeId, PurgeCount count)
    {
        // Most purges remove nothing on most nodes: that is remembered, not written.
        if (count is { Objects: > 0 } or { ReclaimedObjects: > 0 } or { Widened: true })
            _newCounts[new CountKey(count.Position, nodeId)] = count;
        CountsAt(count.Position)[nodeId] = count;
        if (_counts.Count > 2 * MostRemembered)
        {
            foreach (var old in _counts.Keys.Take(MostRemembered).ToList())
            {
                _counts.Remove(old);
                _forgottenThrough = Math.Max(_forgottenThrough, old);
            }
        }
    }

    public void Complete(IEnumerable<Completed> ranges)
    {
        _completed.AddRange(ranges);
        if (_completed.Count > 2 * MostRemembered)
            _completed.RemoveRange(0, MostRemembered);
    }

    public (List<AckRange> Acks, Dictionary<CountKey, PurgeCount> Counts) TakeNews()
    {
        var news = (_newAcks, _newCounts);
        (_newAcks, _newCounts) = ([], []);
        return news;
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

    /// <summary>When the node acknowledged the position; null when it did not, or when that is not remembered.</summary>
    public DateTimeOffset? AppliedAt(string nodeId, ulong position) =>
        _byNode.TryGetValue(nodeId, out var ranges) ? AppliedAt(ranges, position) : null;

    public static DateTimeOffset? AppliedAt(List<AckRange> ranges, ulong position)
    {
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

    /// <summary>Nodes that reported figures for a position.</summary>
    public IEnumerable<string> CountedAt(ulong position) => _counts.TryGetValue(position, out var byNode) ? byNode.Keys : [];

    /// <summary>The node started from a snapshot: it has nothing that purges up to here could remove.</summary>
    public void CountsAreFinal(string nodeId, ulong through) =>
        _finalThrough[nodeId] = Math.Max(through, _finalThrough.GetValueOrDefault(nodeId));

    /// <summary>Whether the node's figures for a position it applied no longer grow.</summary>
    public bool AreFinal(string nodeId, ulong position, PurgeCount? count) =>
        count is { Final: true } || position <= _finalThrough.GetValueOrDefault(nodeId) || (count is null && position <= _forgottenThrough);

    /// <summary>Counts below this position may have been forgotten here.</summary>
    public bool RemembersCountsAt(ulong position) => position > _forgottenThrough || _counts.ContainsKey(position);

    private List<AckRange> RangesOf(string nodeId) => _byNode.TryGetValue(nodeId, out var ranges) ? ranges : _byNode[nodeId] = [];

    private Dictionary<string, PurgeCount> CountsAt(ulong position) =>
        _counts.TryGetValue(position, out var byNode) ? byNode : _counts[position] = new(StringComparer.Ordinal);
}
