using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>A stored response as <see cref="EntryIndex"/> and the fence see it. Its stamp is the earliest of the fetches that its bytes came from.</summary>
internal abstract class StoredEntry(long propertyId, CacheKey key, CanonicalTarget fetched) : Stamped(propertyId, key, fetched)
{
    private int _removed;

    /// <summary>Bytes of memory that it counts for; the same for as long as it lives.</summary>
    public abstract long Size { get; }

    /// <summary>The groups by which it can be invalidated (RFC 9875); the same for as long as it lives.</summary>
    public virtual string[] Groups => [];

    /// <summary>Which slice of a large body it is; null: a response that requests select.</summary>
    internal virtual SliceId? Slice => null;

    /// <summary>It has left the index, or was refused by it, and never comes back.</summary>
    public bool IsRemoved => Volatile.Read(ref _removed) != 0;

    /// <summary>Called before it leaves the index, under the index's lock, possibly more than once: who does not find it there any more may rely on this having happened. Must not block.</summary>
    protected internal virtual void OnLeaving() { }

    /// <summary>Called once, after it has left the index, outside the index's locks: where eviction forgets it.</summary>
    protected internal virtual void OnRemoved() { }

    /// <summary>True for the one caller that takes it out.</summary>
    internal bool TryMarkRemoved() => Interlocked.Exchange(ref _removed, 1) == 0;
}
