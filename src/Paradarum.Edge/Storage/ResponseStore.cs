using Paradarum.Edge.Purging;

namespace Paradarum.Edge.Storage;

/// <summary>
/// Keeps responses in memory up to a bound: the index says where they are, the eviction which of them must go. What may be used is for the fence to say.
/// </summary>
internal sealed class ResponseStore(NodeState state, long capacity)
{
    /// <summary>Variants under one key; beyond it the oldest goes, so that a Vary on something random does not fill the memory.</summary>
    private const int MostVariants = 32;

    private readonly EvictionQueue _queue = new(capacity);

    /// <summary>Bytes held.</summary>
    public long Bytes => _queue.Bytes;

    public int Count => _queue.Count;

    /// <summary>
    /// Stores what a fetch brought, in place of the variant that the same requests select. Tests the fence for the fetch and for the response (which are two
    /// things after a 304) against the snapshot of now, while the fetch is still registered.
    /// </summary>
    /// <returns>False when it was purged, overtaken or too large for the store.</returns>
    public bool Put(StoredResponse entry, FetchInFlight fetch)
    {
        if (entry.Size > capacity || !Fence.Test(state.Current, entry).MayBeUsed)
            return false;
        if (!state.Store(fetch, entry, Replaced(entry)).MayBeUsed)
            return false;

        var evicted = new List<StoredResponse>();
        entry.HeldBy = _queue;
        _queue.Add(entry, evicted);
        // A purge may have taken it out of the index before the queue knew it.
        if (entry.IsRemoved)
            _queue.Remove(entry);
        foreach (var former in evicted)
            state.Index.Remove(former);
        return true;
    }

    /// <summary>Those that the entry takes the place of: same selecting headers, and the oldest beyond the bound.</summary>
    private StoredEntry[] Replaced(StoredResponse entry)
    {
        if (state.Index.Find(entry.PropertyId, entry.Key) is not { } resource)
            return [];
        var variants = resource.VariantArray;
        if (variants.Length == 0)
            return [];
        return
        [
            .. variants.Where((held, newestFirst) => newestFirst >= MostVariants - 1 || ((StoredResponse)held).Vary.Equals(entry.Vary)),
        ];
    }
}
