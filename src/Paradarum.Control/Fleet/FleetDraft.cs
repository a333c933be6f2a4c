using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>What was heard or decided and is not on disk yet; nobody is shown any of it. Guarded by the desk's lock.</summary>
internal sealed class FleetDraft(ulong shieldFrontier, ulong popFrontier)
{
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);
    private readonly HashSet<string> _advanced = new(StringComparer.Ordinal);
    private List<Completed> _completed = [];
    private List<AckRange> _acks = [];
    private Dictionary<CountKey, PurgeCount> _counts = [];
    private bool _frontiersMoved;
    private ulong _shieldFrontier = shieldFrontier;
    private ulong _popFrontier = popFrontier;

    public bool IsEmpty =>
        !IsUrgent && _acks.Count == 0 && _counts.Count == 0 && _found.Count == 0 && _advanced.Count == 0 && !_frontiersMoved;

    /// <summary>Something became complete: others wait to hear it.</summary>
    public bool IsUrgent => _completed.Count > 0;

    public void Complete(Completed range) => _completed.Add(range);

    /// <summary>Where it is reached, or that it has left.</summary>
    public void NodeFound(string nodeId) => _found.Add(nodeId);

    /// <summary>How far it is and how it does; at a purge that is so of every node, so those are written together.</summary>
    public void NodeAdvanced(string nodeId) => _advanced.Add(nodeId);

    public void Acknowledged(string nodeId, ulong after, ulong through, DateTimeOffset at)
    {
        if (through > after)
            _acks.Add(new AckRange(nodeId, after, through, at));
    }

    public void Counted(string nodeId, PurgeCount count)
    {
        var key = new CountKey(count.Position, nodeId);
        _counts[key] = AckBook.Grown(_counts.GetValueOrDefault(key), count);
    }

    public void Raise(FleetDispatch dispatch)
    {
        var (shields, pops) = (Math.Max(_shieldFrontier, dispatch.ShieldFrontier), Math.Max(_popFrontier, dispatch.PopFrontier));
        _frontiersMoved |= shields > _shieldFrontier || pops > _popFrontier;
        (_shieldFrontier, _popFrontier) = (shields, pops);
    }

    /// <summary>Everything, to be written together. Null when there is nothing.</summary>
    public FleetNews? Take(IReadOnlyDictionary<string, NodeRecord> records)
    {
        if (IsEmpty)
            return null;
        var news = new FleetNews(
            _completed,
            _acks,
            _counts,
            [.. _found.Select(id => records[id])],
            [.. _advanced.Select(id => records[id])],
            _shieldFrontier,
            _popFrontier
        );
        (_completed, _acks, _counts, _frontiersMoved) = ([], [], [], false);
        _found.Clear();
        _advanced.Clear();
        return news;
    }
}
