using Paradarum.Protocol.Link;

namespace Paradarum.Edge.ControlLink;

/// <summary>
/// The last figures of the newest purges. What was said on a stream that broke may not have been heard, so a new stream says it again: later reports for a position replace
/// earlier ones. What is known to have been heard is kept for a while, because the control plane may crash before it is written; what is not must not be lost, and when it
/// is all the same, nothing from there on is called final by this process start: too low a figure that is said to be the last would be untrue.
/// </summary>
/// <param name="mostUnheard">Bounds what a control plane that is away for long costs, about 100 bytes each.</param>
internal sealed class RecentCounts(int mostUnheard = 65_536)
{
    private const int MostHeard = 4096;

    private readonly SortedDictionary<ulong, PurgeCount> _heard = [];
    private readonly SortedDictionary<ulong, (PurgeCount Count, long Said)> _unheard = [];
    private readonly Queue<(ulong Heartbeat, long Said)> _beats = new();
    private long _saying;

    /// <summary>Figures beyond this position are not to be called final; the largest number there is as long as nothing was lost.</summary>
    public ulong FinalAtMost { get; private set; } = ulong.MaxValue;

    /// <summary>A new stream: what the former one said and was not heard there counts for nothing until it is said again.</summary>
    public void Opened()
    {
        _beats.Clear();
        MarkUnheard(long.MaxValue);
    }

    /// <summary>Everything, to be said on this stream.</summary>
    public IReadOnlyCollection<PurgeCount> SayAgain()
    {
        MarkUnheard(_saying);
        return [.. _heard.Values.Concat(_unheard.Values.Select(one => one.Count)).OrderBy(count => count.Position)];
    }

    /// <summary>These are about to be said.</summary>
    public void Remember(IEnumerable<PurgeCount> counts)
    {
        foreach (var count in counts)
        {
            _heard.Remove(count.Position);
            _unheard[count.Position] = (count, _saying);
        }
        while (_unheard.Count > mostUnheard)
        {
            var lost = _unheard.Keys.First();
            _unheard.Remove(lost);
            FinalAtMost = Math.Min(FinalAtMost, lost - 1);
        }
    }

    /// <summary>A heartbeat follows what was said so far, on the same stream.</summary>
    public void Beaten(ulong heartbeat) => _beats.Enqueue((heartbeat, _saying++));

    /// <summary>A heartbeat was answered: whatever was said before it was heard.</summary>
    public void Heard(ulong heartbeat)
    {
        long? through = null;
        while (_beats.TryPeek(out var beat) && beat.Heartbeat <= heartbeat)
            through = _beats.Dequeue().Said;
        if (through is not { } said || _unheard.Count == 0)
            return;
        foreach (var (position, (count, _)) in _unheard.Where(one => one.Value.Said <= said).ToList())
        {
            _unheard.Remove(position);
            _heard[position] = count;
        }
        while (_heard.Count > MostHeard)
            _heard.Remove(_heard.Keys.First());
    }

    private void MarkUnheard(long said)
    {
        foreach (var (position, (count, _)) in _unheard.ToList())
            _unheard[position] = (count, said);
    }

    /// <summary>Everything was dropped: what older purges removed is over.</summary>
    public void Forget()
    {
        _heard.Clear();
        _unheard.Clear();
    }
}
