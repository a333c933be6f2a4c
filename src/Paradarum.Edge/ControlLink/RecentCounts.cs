using Paradarum.Protocol.Link;

namespace Paradarum.Edge.ControlLink;

/// <summary>
/// The last figures of the newest purges. What was said on a stream that broke may not have been heard, so a new stream says it again: later reports for a
/// position replace earlier ones.
/// </summary>
internal sealed class RecentCounts
{
    private const int MostRemembered = 1024;

    private readonly SortedDictionary<ulong, PurgeCount> _byPosition = [];

    public IReadOnlyCollection<PurgeCount> All => _byPosition.Values;

    public void Remember(IEnumerable<PurgeCount> counts)
    {
        foreach (var count in counts)
            _byPosition[count.Position] = count;
        while (_byPosition.Count > MostRemembered)
            _byPosition.Remove(_byPosition.Keys.First());
    }

    /// <summary>Everything was dropped: what older purges removed is over.</summary>
    public void Forget() => _byPosition.Clear();
}
