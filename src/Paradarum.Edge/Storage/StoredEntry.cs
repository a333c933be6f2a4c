using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>A stored response as <see cref="EntryIndex"/> and the fence see it. Its stamp is the earliest of the fetches that its bytes came from.</summary>
internal abstract class StoredEntry : Stamped
{
    private readonly object? _fetched; // a CanonicalTarget; null: the key's, as nearly always
    private Resource _resource; // of its own until it is in the index
    private int _removed;

    protected StoredEntry(Stamped fetchedBy)
        : base(fetchedBy.PropertyId)
    {
        _resource = new Resource(fetchedBy.Key);
        _fetched = fetchedBy.Fetched is var fetched && fetched.Equals(Key.Target) ? null : fetched;
    }

    /// <summary>Its resource's: it has none of its own, since there are as many.</summary>
    public sealed override CacheKey Key => _resource.Key;

    public sealed override CanonicalTarget Fetched => _fetched is null ? Key.Target : (CanonicalTarget)_fetched;

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

    /// <summary>It is about to be found under this resource, whose key is its own. Before it is.</summary>
    internal void HangUnder(Resource resource) => _resource = resource;

    /// <summary>True for the one caller that takes it out.</summary>
    internal bool TryMarkRemoved() => Interlocked.Exchange(ref _removed, 1) == 0;
}
