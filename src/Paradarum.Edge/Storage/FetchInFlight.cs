using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// A fetch from upstream. First <see cref="EntryIndex.Register"/>, then <see cref="Begin"/> with the node's then current snapshot, then the request; so that
/// whoever publishes a rule either sees the fetch in the register or is seen by its stamp. <see cref="EntryIndex.Release"/> when it can store nothing any more.
/// </summary>
internal abstract class FetchInFlight(long propertyId, CacheKey key, CanonicalTarget fetched) : Stamped(propertyId)
{
    private volatile bool _isInvalidated;

    public override CacheKey Key { get; } = key;

    public override CanonicalTarget Fetched { get; } = fetched;

    /// <summary>An unsafe request changed the resource after this began (RFC 9111 §4.4): delivered to those already waiting, never joined or stored.</summary>
    public bool IsInvalidated => _isInvalidated;

    /// <summary>How many invalidations of groups its property had seen when this was registered; until then it counts as older than all.</summary>
    internal long GroupMark { get; set; } = -1;

    /// <summary>The groups of what it brings, once its head is known (<see cref="EntryIndex.Overtakes"/>).</summary>
    internal string[] Groups { get; set; } = [];

    /// <summary>Sets stamp and generation from one snapshot, read after the registration. Until then the fetch counts as older than everything.</summary>
    public void Begin(ulong position, long generation)
    {
        Generation = generation;
        Stamp = position;
    }

    internal void Invalidate() => _isInvalidated = true;
}
