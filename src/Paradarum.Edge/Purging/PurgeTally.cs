using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Purging;

/// <summary>What each purge has removed on this node so far, for its receipt (design section 3). Thread-safe.</summary>
internal sealed class PurgeTally
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PurgeCount> _open = [];
    private readonly Dictionary<long, Queue<ulong>> _positions = []; // of each property, ascending: records come in order
    private readonly Queue<ulong> _inOrder = new(); // every position opened, ascending; those that are final go when they come to the front
    private readonly HashSet<ulong> _changed = [];

    /// <summary>A purge of a property was applied: from here on it is counted, until it is final.</summary>
    public void Open(long propertyId, ulong position)
    {
        lock (_gate)
        {
            if (!_open.TryAdd(position, new PurgeCount { Position = position }))
                return;
            if (!_positions.TryGetValue(propertyId, out var positions))
                _positions.Add(propertyId, positions = new Queue<ulong>());
            positions.Enqueue(position);
            _inOrder.Enqueue(position);
        }
    }

    /// <summary>One entry was made unreachable by the purge at a position, and its memory freed.</summary>
    public void Count(ulong position, long bytes)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(position, out var count))
                return; // final: figures that were said to be the last stay the last
            count.Objects++;
            count.Bytes += bytes;
            count.ReclaimedObjects++;
            count.ReclaimedBytes += bytes;
            _changed.Add(position);
        }
    }

    /// <summary>Every purge of the property up to a position was replaced by All.</summary>
    public void Widen(long propertyId, ulong through)
    {
        lock (_gate)
        {
            foreach (var position in _positions.GetValueOrDefault(propertyId) ?? [])
            {
                if (position > through)
                    break;
                _open[position].Widened = true;
                _changed.Add(position);
            }
        }
    }

    /// <summary>Every purge of the property up to a position has retired: its figures are final.</summary>
    public void Close(long propertyId, ulong through)
    {
        lock (_gate)
        {
            if (!_positions.TryGetValue(propertyId, out var positions))
                return;
            while (positions.TryPeek(out var position) && position <= through)
            {
                positions.Dequeue();
                _open[position].Final = true;
                _changed.Add(position);
            }
            if (positions.Count == 0)
                _positions.Remove(propertyId);
        }
    }

    /// <summary>The log's positions mean nothing any more (another epoch): forgets all of it.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _open.Clear();
            _positions.Clear();
            _inOrder.Clear();
            _changed.Clear();
        }
    }

    /// <summary>
    /// What changed since the last call, in order of position. Purges that removed nothing, as most do, are told by <paramref name="finalThrough"/> alone where it
    /// reaches them.
    /// </summary>
    /// <param name="finalThrough">Every purge that was opened so far and is at or below this has been taken for the last time.</param>
    public IReadOnlyList<PurgeCount> Take(out ulong finalThrough)
    {
        lock (_gate)
        {
            var changed = TakeChanged();
            while (_inOrder.TryPeek(out var oldest) && !_open.ContainsKey(oldest))
                _inOrder.Dequeue();
            var through = finalThrough = _inOrder.TryPeek(out var first) ? first - 1 : ulong.MaxValue;
            changed.RemoveAll(count => count is { Final: true, Objects: 0, Widened: false } && count.Position <= through);
            return changed;
        }
    }

    private List<PurgeCount> TakeChanged()
    {
        if (_changed.Count == 0)
            return [];
        var taken = new List<PurgeCount>(_changed.Count);
        foreach (var position in _changed.Order())
        {
            var count = _open[position];
            if (count.Final)
                _open.Remove(position);
            taken.Add(count.Final ? count : count.Clone());
        }
        _changed.Clear();
        return taken;
    }
}
