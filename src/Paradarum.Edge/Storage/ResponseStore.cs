using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Edge.Storage;

/// <summary>
/// Keeps responses in memory up to a bound: the index says where they are, the eviction which of them must go. With a disk, what must go from memory stays in the index, and its bytes come
/// back when they are asked for. What may be used is for the fence to say.
/// </summary>
/// <param name="state">The node's.</param>
/// <param name="capacity">Bytes of memory. With a disk, half of them are for what is whole in memory, the other half for the heads of what is on disk.</param>
/// <param name="disk">Null: memory is all there is.</param>
internal sealed class ResponseStore(NodeState state, long capacity, DiskTier? disk = null)
{
    /// <summary>Variants under one key; beyond it the oldest goes, so that a Vary on something random does not fill the memory.</summary>
    private const int MostVariants = 32;

    private readonly long _capacity = disk is null ? capacity : capacity - HeadsOf(capacity);
    private readonly EvictionQueue _queue = new(disk is null ? capacity : capacity - HeadsOf(capacity));

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
        if (entry.Size > _capacity || !Fence.Test(state.Current, entry).MayBeUsed)
            return false;
        var replaced = Replaced(entry);
        disk?.Books.Open(entry);
        if (!state.Store(fetch, entry, replaced).MayBeUsed)
            return false;

        disk?.Books.Offer(entry, replaced);
        if (entry.Body.IsInMemory)
            Hold(entry);
        return true;
    }

    /// <summary>Whether an entry can be answered from: always when it is in memory. One whose bytes can't be read from disk, or not in time, leaves the store.</summary>
    public ValueTask<bool> IsReadyAsync(StoredResponse entry, CancellationToken stop) =>
        entry.Body is DiskBody body ? FromDiskAsync(entry, body, stop) : new(true);

    private async ValueTask<bool> FromDiskAsync(StoredResponse entry, DiskBody body, CancellationToken stop)
    {
        var bytes = await disk!.ReadyAsync(body, stop);
        if (bytes is null)
        {
            state.Index.Remove(entry);
            return false;
        }
        if (bytes.IsInMemory && entry.Disk is not null && disk.Books.TryHold(entry, bytes))
            Hold(entry);
        return true;
    }

    private void Hold(StoredResponse entry)
    {
        var evicted = new List<StoredResponse>();
        entry.HeldBy = _queue;
        _queue.Add(entry, evicted);
        // A purge may have taken it out of the index before the queue knew it.
        if (entry.IsRemoved)
            _queue.Remove(entry);
        foreach (var former in evicted)
        {
            if (disk?.Books.TakesOver(former) != true)
                state.Index.Remove(former);
        }
    }

    /// <summary>What of a node's memory the heads of entries on disk may take.</summary>
    public static long HeadsOf(long capacity) => capacity / 2;

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
