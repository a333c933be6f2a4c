using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>
/// The streams that are open, and which of them an event concerns: a stream is woken when it may be sent something it might not have been sent before, not whenever
/// anything happens. Guarded by the desk's lock.
/// </summary>
internal sealed class OpenStreams
{
    private readonly Dictionary<NodeLink, Wake> _byLink = [];
    private ulong _head;
    private ulong _permittedToPops;

    public void Add(NodeLink link, Wake wake) => _byLink.Add(link, wake);

    public void Remove(NodeLink link) => _byLink.Remove(link);

    /// <summary>Its window opened, it is to leave, or another stream of the node took over.</summary>
    public void Wake(NodeLink link)
    {
        if (_byLink.TryGetValue(link, out var wake))
            wake.Set();
    }

    /// <summary>What every node is told has changed.</summary>
    public void WakeAll()
    {
        foreach (var wake in _byLink.Values)
            wake.Set();
    }

    /// <summary>A PoP's stream was just told to wait for the shields: it is woken once more is permitted than at this moment.</summary>
    public void HeldByShields(FleetDispatch dispatch, TimeSpan now) =>
        _permittedToPops = Math.Min(_permittedToPops, dispatch.PermittedThrough(NodeRole.Pop, now));

    /// <summary>Shields follow the head, PoPs what every live shield has applied (G3); the latter also moves by time.</summary>
    public void Follow(FleetDispatch dispatch, TimeSpan now)
    {
        var permitted = dispatch.PermittedThrough(NodeRole.Pop, now);
        var (shields, pops) = (dispatch.Head > _head, permitted > _permittedToPops);
        (_head, _permittedToPops) = (dispatch.Head, permitted);
        if (!shields && !pops)
            return;
        foreach (var (link, wake) in _byLink)
        {
            if (link.Node.Role == NodeRole.Shield ? shields : pops)
                wake.Set();
        }
    }
}
