using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// Keeps responses in memory up to a bound: the index says where they are, the eviction which of them must go. With a disk, what must go from memory stays in the index, and its bytes come
/// back when they are asked for; slices of large bodies, and their heads, are in memory alone. What may be used is for the fence to say.
/// </summary>
internal sealed class ResponseStore
{
    /// <summary>Variants under one key; beyond it the least recently used goes, so that a Vary on something random does not fill the memory.</summary>
    public const int MostVariants = 32;

    private readonly NodeState _state;
    private readonly DiskTier? _disk;
    private readonly long _capacity;
    private readonly EvictionQueue _queue;
    private long _crowdedOut;

    /// <param name="state">The node's.</param>
    /// <param name="capacity">Bytes of memory. With a disk, half of them are for what is whole in memory, the other half for the heads of what is on disk.</param>
    /// <param name="disk">Null: memory is all there is.</param>
    public ResponseStore(NodeState state, long capacity, DiskTier? disk = null)
    {
        (_state, _disk) = (state, disk);
        _capacity = disk is null ? capacity : capacity - HeadsOf(capacity);
        _queue = new EvictionQueue(_capacity);
        state.Index.EntryRemoved = entry => _queue.Remove((StoredResponse)entry);
    }

    /// <summary>Bytes held.</summary>
    public long Bytes => _queue.Bytes;

    public int Count => _queue.Count;

    /// <summary>Variants that went because their URL had too many, since the start: an origin that varies on something with too many values.</summary>
    public long CrowdedOut => Volatile.Read(ref _crowdedOut);

    /// <summary>
    /// Stores what a fetch brought, in place of the variant that the same requests select. Tests the fence for the fetch and for the response (which are two
    /// things after a 304) against the snapshot of now, while the fetch is still registered.
    /// </summary>
    /// <returns>False when it was purged, overtaken or too large for the store.</returns>
    public bool Put(StoredResponse entry, FetchInFlight fetch)
    {
        if (entry.Size > _capacity || !Fence.Test(_state.Current, entry).MayBeUsed)
            return false;
        var replaced = Replaced(entry);
        var onDisk = entry.Slice is null && entry.Body.Slices is null ? _disk : null;
        onDisk?.Books.Open(entry);
        if (!_state.Store(fetch, entry, replaced).MayBeUsed)
        {
            onDisk?.Books.Leave(entry);
            return false;
        }
        if (onDisk?.Books.Offer(entry, replaced) == false)
        {
            _state.Index.Remove(entry);
            return false;
        }
        if (entry.Body.IsInMemory)
            Hold(entry);
        if (entry.Slice is null)
            DropFormerBodies(entry);
        return true;
    }

    /// <summary>Whether an entry can be answered from: always when it is in memory. One whose bytes can't be read from disk, or not in time, leaves the store.</summary>
    public ValueTask<bool> IsReadyAsync(StoredResponse entry, CancellationToken stop) =>
        entry.Body.OnDisk is { } body ? FromDiskAsync(entry, body, stop) : new(true);

    private async ValueTask<bool> FromDiskAsync(StoredResponse entry, DiskBody body, CancellationToken stop)
    {
        if (await _disk!.ReadyAsync(body, stop) is not { } bytes)
        {
            _state.Index.Remove(entry);
            return false;
        }
        if (bytes.IsInMemory && entry.Disk is not null && _disk.Books.TryHold(entry, bytes))
            Hold(entry);
        return true;
    }

    private void Hold(StoredResponse entry)
    {
        var evicted = new List<StoredResponse>();
        _queue.Add(entry, evicted);
        // A purge may have taken it out of the index before the queue knew it.
        if (entry.IsRemoved)
            _queue.Remove(entry);
        foreach (var former in evicted)
        {
            if (former.Disk is null || !_disk!.Books.TakesOver(former))
                _state.Index.Remove(former);
        }
    }

    /// <summary>What of a node's memory the heads of entries on disk may take.</summary>
    public static long HeadsOf(long capacity) => capacity / 2;

    /// <summary>Forgets a body that is kept in slices, with every head that names it.</summary>
    public void DropBody(long propertyId, CacheKey key, SlicedBody body)
    {
        if (_state.Index.Find(propertyId, key) is not { } resource)
            return;
        foreach (var entry in resource.Entries)
        {
            if (entry.Slice?.Of == body || ((StoredResponse)entry).Body.Slices == body)
                _state.Index.Remove(entry);
        }
    }

    /// <summary>Slices of a body that no variant names any more: its object has changed, and they would only wait for their eviction.</summary>
    private void DropFormerBodies(StoredResponse entry)
    {
        if (_state.Index.Find(entry.PropertyId, entry.Key) is not { HasSlices: true } resource)
            return;
        var named = resource.Variants.ToArray().Select(variant => ((StoredResponse)variant).Body.Slices).ToHashSet();
        foreach (var slice in resource.Slices)
        {
            if (!named.Contains(slice.Slice!.Of))
                _state.Index.Remove(slice);
        }
    }

    /// <summary>Those that the entry takes the place of: same selecting headers, and beyond the bound the one that was not used for longest.</summary>
    private StoredEntry[] Replaced(StoredResponse entry)
    {
        if (entry.Slice is not null || _state.Index.Find(entry.PropertyId, entry.Key) is not { } resource)
            return [];
        if (resource.Variants is not { IsEmpty: false } row)
            return [];
        var variants = row.ToArray();
        var same = Array.FindAll(variants, held => ((StoredResponse)held).Vary.Equals(entry.Vary));
        var crowd = variants.Length - same.Length - (MostVariants - 1);
        if (crowd <= 0)
            return same;
        Interlocked.Add(ref _crowdedOut, crowd);
        // Newest first, so of those used in the same second the oldest comes first.
        return [.. same, .. variants.Except(same).Reverse().OrderBy(held => ((StoredResponse)held).UsedAt).Take(crowd)];
    }
}
