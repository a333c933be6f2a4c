using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// All that is known under one primary key: every stored variant, every slice of a large one, and every fetch in flight. Read without a lock (the arrays are replaced, never
/// changed); written under the gate of its path.
/// </summary>
internal sealed class Resource(CacheKey key) : PathResources
{
    private volatile object? _variants; // see VariantRow
    private volatile FetchInFlight[] _fetches = [];
    private volatile ConcurrentDictionary<SliceId, StoredEntry>? _slices; // large bodies alone have them, and then by the thousand
    private volatile Resource? _next; // another one of its path; kept when it is taken out, for whoever is just reading it

    public CacheKey Key { get; } = key;

    /// <summary>Newest first.</summary>
    public VariantRow Variants => new(_variants);

    /// <summary>Oldest first.</summary>
    public ReadOnlySpan<FetchInFlight> Fetches => _fetches;

    internal bool IsEmpty => _variants is null && _fetches.Length == 0 && _slices is null or { IsEmpty: true };

    /// <summary>Whether its path leads to no other.</summary>
    internal bool IsAlone => _next is null;

    /// <summary>Everything stored, slices included, for purges; what comes or goes meanwhile may be seen or not.</summary>
    internal IEnumerable<StoredEntry> Entries => HasSlices ? Variants.ToArray().Concat(Slices) : Variants.ToArray();

    internal bool HasSlices => _slices is { IsEmpty: false };

    /// <summary>The slices alone.</summary>
    internal IEnumerable<StoredEntry> Slices => _slices?.Select(slice => slice.Value) ?? [];

    public StoredEntry? FindSlice(SliceId id) => _slices?.GetValueOrDefault(id);

    internal void Add(StoredEntry entry)
    {
        if (entry.Slice is { } id)
            (_slices ??= new())[id] = entry;
        else
            _variants = Variants.With(entry);
    }

    internal bool Remove(StoredEntry entry)
    {
        if (entry.Slice is { } id)
            return _slices?.TryRemove(KeyValuePair.Create(id, entry)) ?? false;
        if (!Variants.TryWithout(entry, out var left))
            return false;
        _variants = left;
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

    internal override Resource? Find(CacheKey wanted)
    {
        for (var one = this; one is not null; one = one._next)
        {
            if (one.Key.Equals(wanted))
                return one;
        }
        return null;
    }

    internal override IEnumerable<Resource> All()
    {
        for (var one = this; one is not null; one = one._next)
            yield return one;
    }

    internal override IEnumerable<Resource> OfTarget(CanonicalTarget target) => All().Where(one => one.Key.Target.Equals(target));

    internal override PathResources With(Resource added)
    {
        if (All().Count() == Few)
            return new PathCrowd(All().Prepend(added));
        added._next = this;
        return added;
    }

    internal override PathResources? Without(Resource gone)
    {
        if (gone == this)
            return _next;
        var before = All().First(one => one._next == gone);
        before._next = gone._next;
        return this;
    }
}
