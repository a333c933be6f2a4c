using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// Where every stored response and every fetch in flight of the node is found: by key for visitors, by path for purges, one after another for the sweeper.
/// Properties share nothing in it (G7). Thread-safe; a lookup takes no lock and allocates nothing.
/// </summary>
/// <remarks>
/// It judges no rules: whoever looks up or stores asks the fence. It does hold the two facts that must be decided together with an insertion: whether an
/// unsafe request invalidated the resource, and whether the node dropped its store.
/// </remarks>
internal sealed class EntryIndex
{
    /// <summary>Invalidations that are remembered while entries are loaded.</summary>
    private const int MostRemembered = 65_536;

    private readonly ConcurrentDictionary<long, PropertyEntries> _properties = new();
    private readonly ConcurrentDictionary<(long, string Host, string Path, CanonicalTarget? Keyed), byte> _invalidatedWhileLoading = new();
    private readonly ConcurrentDictionary<(long, string), byte> _groupsInvalidatedWhileLoading = new();
    private volatile bool _lostTrack;
    private long _generation;
    private ulong _loadingFrom = ulong.MaxValue;

    /// <summary>Called after a fetch was released: a rule that waited for it may retire. Set once, by the sweeper.</summary>
    public Action<FetchInFlight>? FetchReleased { get; set; }

    /// <summary>Called once for each entry, after it has left, outside the index's locks: where eviction forgets it. Set once, by the store.</summary>
    public Action<StoredEntry>? EntryRemoved { get; set; }

    /// <summary>Stored responses, all properties.</summary>
    public long Count => _properties.Sum(property => property.Value.Count);

    /// <summary>Their sizes together, in bytes.</summary>
    public long Bytes => _properties.Sum(property => property.Value.Bytes);

    public long CountOf(long propertyId) => Of(propertyId)?.Count ?? 0;

    public long BytesOf(long propertyId) => Of(propertyId)?.Bytes ?? 0;

    /// <summary>Variants and fetches under a key; null when there is neither.</summary>
    public Resource? Find(long propertyId, CacheKey key) => Of(propertyId)?.Find(key);

    /// <summary>Before the fetch reads its stamp (<see cref="FetchInFlight.Begin"/>).</summary>
    public void Register(FetchInFlight fetch) => OrAdd(fetch.PropertyId).Register(fetch);

    /// <summary>When the fetch is over, stored or not. Releasing it again does nothing.</summary>
    public void Release(FetchInFlight fetch)
    {
        Of(fetch.PropertyId)?.Release(fetch);
        FetchReleased?.Invoke(fetch);
    }

    /// <summary>
    /// Adds what a fetch brought, in place of <paramref name="replaced"/>. Call it after the fence let the fetch pass, and before <see cref="Release"/>: rules
    /// that come in between stay pending for as long as the fetch is registered, so the next lookup tests them.
    /// </summary>
    /// <returns>False when the fetch was invalidated meanwhile or is of another generation; then nothing has changed.</returns>
    public bool Add(FetchInFlight fetch, StoredEntry entry, params ReadOnlySpan<StoredEntry> replaced) =>
        OrAdd(entry.PropertyId).Add(fetch, entry, replaced, () => Volatile.Read(ref _generation));

    /// <summary>Entries that a former process left are on their way here. Every rule up to a position was tested on them; those that are newer do not retire before <see cref="EndLoading"/>.</summary>
    public void BeginLoading(ulong testedThrough) => Volatile.Write(ref _loadingFrom, testedThrough);

    public bool IsLoading => Volatile.Read(ref _loadingFrom) != ulong.MaxValue;

    /// <summary>No more of them come. Whoever says so wakes the sweeper.</summary>
    public void EndLoading()
    {
        Volatile.Write(ref _loadingFrom, ulong.MaxValue);
        _lostTrack = false;
        _invalidatedWhileLoading.Clear();
        _groupsInvalidatedWhileLoading.Clear();
    }

    /// <summary>Puts in one of those entries. The caller tests it afterwards, against the snapshot of then.</summary>
    /// <returns>False when the node dropped its store, or an unsafe request invalidated the resource, since the loading began.</returns>
    public bool Restore(StoredEntry entry)
    {
        if (!OrAdd(entry.PropertyId).Restore(entry, () => Volatile.Read(ref _generation)))
            return false;
        // Looked at after it is in: an invalidation finds the entry or is found here.
        return !WasInvalidatedWhileLoading(entry) || !Remove(entry);
    }

    /// <summary>A loading that takes long must not remember without end: then all that still comes counts as invalidated.</summary>
    private bool HasRoom(int remembered)
    {
        if (remembered >= MostRemembered)
            _lostTrack = true;
        return !_lostTrack;
    }

    private bool WasInvalidatedWhileLoading(StoredEntry entry) =>
        _lostTrack
        || _invalidatedWhileLoading.ContainsKey((entry.PropertyId, entry.Key.Host, entry.Key.Target.Path, entry.Key.Target))
        || _invalidatedWhileLoading.ContainsKey((entry.PropertyId, entry.Key.Host, entry.Key.Target.Path, null))
        || (
            !_groupsInvalidatedWhileLoading.IsEmpty
            && Array.Exists(entry.Groups, group => _groupsInvalidatedWhileLoading.ContainsKey((entry.PropertyId, group)))
        );

    /// <summary>True for the one caller that took it out.</summary>
    public bool Remove(StoredEntry entry) => Of(entry.PropertyId)?.Remove(entry) ?? false;

    /// <summary>
    /// What an unsafe request does to a resource (RFC 9111 §4.4), before its answer is relayed: all variants leave, and fetches in flight store nothing. A fetch
    /// that registers after this call began after the change.
    /// </summary>
    /// <param name="propertyId">Its property.</param>
    /// <param name="host">Both schemes of it are meant, and every value of what else is in the key.</param>
    /// <param name="path">Its path.</param>
    /// <param name="keyed">Its keyed target; null: everything under the path.</param>
    /// <returns>How many stored responses were removed.</returns>
    public int Invalidate(long propertyId, string host, string path, CanonicalTarget? keyed)
    {
        if (IsLoading && HasRoom(_invalidatedWhileLoading.Count))
            _invalidatedWhileLoading.TryAdd((propertyId, host, path, keyed), 0);
        return Of(propertyId)?.Invalidate(host, path, keyed) ?? 0;
    }

    /// <summary>Tells the groups of what a fetch brings, before it is stored or shared; true when one of them was invalidated since it began, and so the fetch is.</summary>
    public bool Overtakes(FetchInFlight fetch, string[] groups) => OrAdd(fetch.PropertyId).Overtakes(fetch, groups);

    /// <summary>What the answer to an unsafe request does to groups (RFC 9875 §3), before it is relayed: members leave, and fetches under way store none of them.</summary>
    /// <returns>How many stored responses were removed.</returns>
    public int InvalidateGroups(long propertyId, string[] groups)
    {
        if (groups.Length == 0)
            return 0;
        foreach (var group in IsLoading && HasRoom(_groupsInvalidatedWhileLoading.Count) ? groups : [])
            _groupsInvalidatedWhileLoading.TryAdd((propertyId, group), 0);
        return OrAdd(propertyId).InvalidateGroups(groups);
    }

    /// <summary>Every entry of a property under a path, whatever scheme, host and query.</summary>
    public IReadOnlyList<StoredEntry> UnderPath(long propertyId, string path) => Of(propertyId)?.Under(path, keyed: null) ?? [];

    /// <summary>Every entry of a property that is keyed by one target, whatever scheme and host.</summary>
    public IReadOnlyList<StoredEntry> KeyedBy(long propertyId, CanonicalTarget target) => Of(propertyId)?.Under(target.Path, target) ?? [];

    /// <summary>Every property that has, or had, an entry or a fetch here.</summary>
    public IEnumerable<long> Properties => _properties.Select(property => property.Key);

    /// <summary>One after another while traffic goes on: what comes or goes meanwhile may be seen or not.</summary>
    public IEnumerable<StoredEntry> Entries(long propertyId) => Of(propertyId)?.Entries() ?? [];

    public IEnumerable<StoredEntry> Entries() => _properties.SelectMany(property => property.Value.Entries());

    public IEnumerable<FetchInFlight> Fetches(long propertyId) => Of(propertyId)?.Fetches() ?? [];

    /// <summary>Oldest stamp of a property's fetches in flight, one that has not read its stamp counting as 0; <see cref="ulong.MaxValue"/> when there is none.</summary>
    public ulong OldestStamp(long propertyId) => Math.Min(Volatile.Read(ref _loadingFrom), Of(propertyId)?.OldestStamp() ?? ulong.MaxValue);

    /// <summary>Drops every entry of another generation; from now on none of them is added. Fetches go on for those who wait for them.</summary>
    public void StartGeneration(long generation)
    {
        // First the number, then the entries: an insertion sees the one or is seen by the other.
        Interlocked.Exchange(ref _generation, generation);
        foreach (var entry in Entries())
        {
            if (entry.Generation != generation)
                Remove(entry);
        }
    }

    private PropertyEntries? Of(long propertyId) => _properties.GetValueOrDefault(propertyId);

    private PropertyEntries OrAdd(long propertyId) =>
        _properties.GetOrAdd(propertyId, static (_, index) => new PropertyEntries(entry => index.EntryRemoved?.Invoke(entry)), this);
}
