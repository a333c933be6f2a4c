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
    private volatile Rest? _rest; // null: none of it, as nearly always

    public CacheKey Key { get; } = key;

    /// <summary>Newest first.</summary>
    public VariantRow Variants => new(_variants);

    /// <summary>Oldest first.</summary>
    public ReadOnlySpan<FetchInFlight> Fetches => _rest is { } rest ? rest.Fetches : [];

    internal bool IsEmpty => _variants is null && _rest is null or { HoldsNothing: true };

    /// <summary>Whether its path leads to no other.</summary>
    internal bool IsAlone => Next is null;

    /// <summary>Everything stored, slices included, for purges; what comes or goes meanwhile may be seen or not.</summary>
    internal IEnumerable<StoredEntry> Entries => HasSlices ? Variants.ToArray().Concat(Slices) : Variants.ToArray();

    internal bool HasSlices => _rest?.Slices is { IsEmpty: false };

    /// <summary>The slices alone.</summary>
    internal IEnumerable<StoredEntry> Slices => _rest?.Slices?.Select(slice => slice.Value) ?? [];

    public StoredEntry? FindSlice(SliceId id) => _rest?.Slices?.GetValueOrDefault(id);

    private Resource? Next => _rest?.Next;

    internal void Add(StoredEntry entry)
    {
        entry.HangUnder(this);
        if (entry.Slice is { } id)
            ((_rest ??= new()).Slices ??= new())[id] = entry;
        else
            _variants = Variants.With(entry);
    }

    internal bool Remove(StoredEntry entry)
    {
        if (entry.Slice is { } id)
            return _rest?.Slices is { } slices && slices.TryRemove(KeyValuePair.Create(id, entry));
        if (!Variants.TryWithout(entry, out var left))
            return false;
        _variants = left;
        return true;
    }

    internal void Add(FetchInFlight fetch) => (_rest ??= new()).Fetches = [.. Fetches, fetch];

    internal bool Remove(FetchInFlight fetch)
    {
        if (_rest is not { } rest || Array.IndexOf(rest.Fetches, fetch) is not (>= 0 and var at))
            return false;
        rest.Fetches = [.. rest.Fetches.AsSpan(0, at), .. rest.Fetches.AsSpan(at + 1)];
        LetGo();
        return true;
    }

    internal override Resource? Find(CacheKey wanted)
    {
        for (var one = this; one is not null; one = one.Next)
        {
            if (one.Key.Equals(wanted))
                return one;
        }
        return null;
    }

    internal override IEnumerable<Resource> All()
    {
        for (var one = this; one is not null; one = one.Next)
            yield return one;
    }

    internal override IEnumerable<Resource> OfTarget(CanonicalTarget target) => All().Where(one => one.Key.Target.Equals(target));

    internal override PathResources With(Resource added)
    {
        if (All().Count() == Few)
            return new PathCrowd(All().Prepend(added));
        added.Follow(this);
        return added;
    }

    internal override PathResources? Without(Resource gone)
    {
        if (gone == this)
            return Next;
        All().First(one => one.Next == gone).Follow(gone.Next);
        return this;
    }

    private void Follow(Resource? next)
    {
        if (_rest is null && next is null)
            return;
        (_rest ??= new()).Next = next;
        LetGo();
    }

    private void LetGo()
    {
        if (_rest is { HoldsNothing: true, Next: null })
            _rest = null;
    }

    /// <summary>What few resources have at a time, in an object of its own: where there are a million of them, 16 bytes each.</summary>
    private sealed class Rest
    {
        private volatile FetchInFlight[] _fetches = [];
        private volatile ConcurrentDictionary<SliceId, StoredEntry>? _slices;
        private volatile Resource? _next;

        /// <summary>Never written to: replaced.</summary>
        public FetchInFlight[] Fetches
        {
            get => _fetches;
            set => _fetches = value;
        }

        /// <summary>Large bodies alone have them, and then by the thousand.</summary>
        public ConcurrentDictionary<SliceId, StoredEntry>? Slices
        {
            get => _slices;
            set => _slices = value;
        }

        /// <summary>Another one of its path; kept when it is taken out, for whoever is just reading it.</summary>
        public Resource? Next
        {
            get => _next;
            set => _next = value;
        }

        public bool HoldsNothing => _fetches.Length == 0 && _slices is null or { IsEmpty: true };
    }
}
