using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// All that is known under one primary key: every stored variant, every slice of a large one, and every fetch in flight. Read without a lock (the arrays are replaced, never
/// changed); written under the lock of its <see cref="PathBucket"/>.
/// </summary>
internal sealed class Resource(CacheKey key, PathBucket bucket)
{
    private volatile StoredEntry[] _variants = [];
    private volatile FetchInFlight[] _fetches = [];
    private volatile ConcurrentDictionary<SliceId, StoredEntry>? _slices; // large bodies alone have them, and then by the thousand

    public CacheKey Key { get; } = key;

    /// <summary>Newest first.</summary>
    public ReadOnlySpan<StoredEntry> Variants => _variants;

    /// <summary>Oldest first.</summary>
    public ReadOnlySpan<FetchInFlight> Fetches => _fetches;

    internal PathBucket Bucket { get; } = bucket;

    /// <summary>Where the bucket keeps it, so that taking it out is not a search.</summary>
    internal int Slot { get; set; }

    internal bool IsEmpty => _variants.Length == 0 && _fetches.Length == 0 && _slices is null or { IsEmpty: true };

    /// <summary>The arrays themselves, for enumerations that outlive a span. Not to be written to.</summary>
    internal StoredEntry[] VariantArray => _variants;

    internal FetchInFlight[] FetchArray => _fetches;

    /// <summary>Everything stored, slices included, for purges and sweeps; what comes or goes meanwhile may be seen or not.</summary>
    internal IEnumerable<StoredEntry> Entries => _slices is { } slices ? _variants.Concat(slices.Select(slice => slice.Value)) : _variants;

    internal bool HasSlices => _slices is { IsEmpty: false };

    /// <summary>The slices alone.</summary>
    internal IEnumerable<StoredEntry> Slices => _slices?.Select(slice => slice.Value) ?? [];

    public StoredEntry? FindSlice(SliceId id) => _slices?.GetValueOrDefault(id);

    internal void Add(StoredEntry entry)
    {
        if (entry.Slice is { } id)
            (_slices ??= new())[id] = entry;
        else
            _variants = [entry, .. _variants];
    }

    internal bool Remove(StoredEntry entry)
    {
        if (entry.Slice is { } id)
            return _slices?.TryRemove(KeyValuePair.Create(id, entry)) ?? false;
        var at = Array.IndexOf(_variants, entry);
        if (at < 0)
            return false;
        _variants = [.. _variants.AsSpan(0, at), .. _variants.AsSpan(at + 1)];
        return true;
    }

    internal void Add(FetchInFlight fetch) => _fetches = [.. _fetches, fetch];

    internal bool Remove(FetchInFlight fetch)
    {
        var at = Array.IndexOf(_fetches, fetch);
        if (at < 0)
            return false;
        _fetches = [.. _fetches.AsSpan(0, at), .. _fetches.AsSpan(at + 1)];
        return true;
    }
}

/// <summary>The resources of one path, whatever scheme, host and query. Everything in it happens under <see cref="Gate"/>.</summary>
internal sealed class PathBucket
{
    /// <summary>From here on resources are found by target in a dictionary: some sites have 100 000 queries under one path.</summary>
    private const int Few = 8;

    private readonly List<Resource> _resources = new(1);
    private Dictionary<CanonicalTarget, List<Resource>>? _byTarget;

    public Lock Gate { get; } = new();

    /// <summary>Taken out of its property: whoever finds it looks again.</summary>
    public bool IsDead { get; set; }

    public bool IsEmpty => _resources.Count == 0;

    public IReadOnlyList<Resource> Resources => _resources;

    public void Add(Resource resource)
    {
        resource.Slot = _resources.Count;
        _resources.Add(resource);
        if (_byTarget is not null)
            AddByTarget(resource);
        else if (_resources.Count > Few)
            BuildByTarget();
    }

    public void Remove(Resource resource)
    {
        var last = _resources[^1];
        _resources[resource.Slot] = last;
        last.Slot = resource.Slot;
        _resources.RemoveAt(_resources.Count - 1);
        if (_byTarget is null || !_byTarget.TryGetValue(resource.Key.Target, out var sameTarget))
            return;
        sameTarget.Remove(resource);
        if (sameTarget.Count == 0)
            _byTarget.Remove(resource.Key.Target);
    }

    /// <summary>The resources of one keyed target, one for each scheme and host that it was asked for under.</summary>
    public IReadOnlyList<Resource> OfTarget(CanonicalTarget target)
    {
        if (_byTarget is not null)
            return _byTarget.TryGetValue(target, out var sameTarget) ? sameTarget : [];
        return _resources.FindAll(resource => resource.Key.Target.Equals(target));
    }

    private void BuildByTarget()
    {
        _byTarget = [];
        foreach (var resource in _resources)
            AddByTarget(resource);
    }

    private void AddByTarget(Resource resource)
    {
        if (!_byTarget!.TryGetValue(resource.Key.Target, out var sameTarget))
            _byTarget.Add(resource.Key.Target, sameTarget = new(1));
        sameTarget.Add(resource);
    }
}
