using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// One property's share of <see cref="EntryIndex"/>. Lookups and enumerations take no lock; a change takes the lock of its path alone.
/// </summary>
internal sealed class PropertyEntries
{
    private readonly ConcurrentDictionary<CacheKey, Resource> _resources = new();
    private readonly ConcurrentDictionary<string, PathBucket> _buckets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<FetchInFlight, byte> _fetches = new(ReferenceEqualityComparer.Instance);
    private readonly GroupRegister _groups = new();
    private long _count;
    private long _bytes;

    public long Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    public Resource? Find(CacheKey key) => _resources.GetValueOrDefault(key);

    public void Register(FetchInFlight fetch)
    {
        // In the register before it is found by others and before it reads its stamp: OldestStamp must never miss it.
        _fetches.TryAdd(fetch, 0);
        fetch.GroupMark = _groups.Mark;
        Change(fetch.Key, resource => resource.Add(fetch));
    }

    public void Release(FetchInFlight fetch)
    {
        Change(fetch.Key, resource => resource.Remove(fetch));
        _fetches.TryRemove(fetch, out _);
    }

    /// <summary>Refuses an entry of a fetch that was invalidated, and one of another generation, both judged under the lock that those changes take too.</summary>
    public bool Add(FetchInFlight fetch, StoredEntry entry, ReadOnlySpan<StoredEntry> replaced, Func<long> generation)
    {
        var removed = new List<StoredEntry>(replaced.Length);
        _groups.Link(entry, entry.Groups);
        var bucket = Enter(entry.Key.Target.Path);
        bool stored;
        try
        {
            var resource = GetOrAdd(bucket, entry.Key);
            stored = !fetch.IsInvalidated && entry.Generation == generation() && !entry.IsRemoved;
            if (stored)
            {
                foreach (var old in replaced)
                    TakeOut(resource, old, removed);
                // Two fetches of one slice may end at the same time.
                if (entry.Slice is { } id && resource.FindSlice(id) is { } same)
                    TakeOut(resource, same, removed);
                resource.Add(entry);
                Interlocked.Increment(ref _count);
                Interlocked.Add(ref _bytes, entry.Size);
            }
            Tidy(bucket, resource);
        }
        finally
        {
            bucket.Gate.Exit();
        }
        Announce(removed);
        if (!stored)
            _groups.Unlink(entry, entry.Groups);
        return stored;
    }

    /// <summary>Puts in an entry that no fetch of this process brought. False when it is of another generation.</summary>
    public bool Restore(StoredEntry entry, Func<long> generation)
    {
        var restored = false;
        _groups.Link(entry, entry.Groups);
        Change(
            entry.Key,
            resource =>
            {
                if (entry.Generation != generation() || entry.IsRemoved)
                    return;
                resource.Add(entry);
                Interlocked.Increment(ref _count);
                Interlocked.Add(ref _bytes, entry.Size);
                restored = true;
            }
        );
        if (!restored)
            _groups.Unlink(entry, entry.Groups);
        return restored;
    }

    public bool Remove(StoredEntry entry)
    {
        var removed = new List<StoredEntry>(1);
        Change(entry.Key, resource => TakeOut(resource, entry, removed));
        Announce(removed);
        return removed.Count > 0;
    }

    public int Invalidate(string host, string path, CanonicalTarget? keyed)
    {
        // A bucket that is made from here on holds fetches that begin after the change.
        if (!_buckets.TryGetValue(path, out var bucket))
            return 0;
        var removed = new List<StoredEntry>();
        lock (bucket.Gate)
        {
            // A copy: a resource without entries and fetches leaves the bucket.
            foreach (var resource in (keyed is null ? bucket.Resources : bucket.OfTarget(keyed)).ToArray())
            {
                if (!string.Equals(resource.Key.Host, host, StringComparison.Ordinal))
                    continue;
                foreach (var fetch in resource.Fetches)
                    fetch.Invalidate();
                foreach (var entry in resource.Entries)
                    TakeOut(resource, entry, removed);
                Tidy(bucket, resource);
            }
        }
        Announce(removed);
        return removed.Count;
    }

    public bool Overtakes(FetchInFlight fetch, string[] groups) => _groups.Overtakes(fetch, groups);

    public int InvalidateGroups(string[] groups) => _groups.Invalidate(groups, Fetches()).Count(Remove);

    /// <summary>Every entry under a path; with a target, those keyed by it alone.</summary>
    public IReadOnlyList<StoredEntry> Under(string path, CanonicalTarget? keyed)
    {
        if (!_buckets.TryGetValue(path, out var bucket))
            return [];
        lock (bucket.Gate)
        {
            var resources = keyed is null ? bucket.Resources : bucket.OfTarget(keyed);
            var entries = new List<StoredEntry>(resources.Count);
            foreach (var resource in resources)
                entries.AddRange(resource.Entries);
            return entries;
        }
    }

    public IEnumerable<StoredEntry> Entries()
    {
        foreach (var (_, resource) in _resources)
        {
            foreach (var entry in resource.Entries)
                yield return entry;
        }
    }

    public IEnumerable<FetchInFlight> Fetches() => _fetches.Select(pair => pair.Key);

    /// <summary>Oldest stamp of a fetch in flight; <see cref="ulong.MaxValue"/> when there is none.</summary>
    public ulong OldestStamp()
    {
        var oldest = ulong.MaxValue;
        foreach (var (fetch, _) in _fetches)
            oldest = Math.Min(oldest, fetch.Stamp);
        return oldest;
    }

    private PathBucket Enter(string path)
    {
        while (true)
        {
            var bucket = _buckets.GetOrAdd(path, static _ => new PathBucket());
            bucket.Gate.Enter();
            if (!bucket.IsDead)
                return bucket;
            bucket.Gate.Exit();
        }
    }

    private void Change(CacheKey key, Action<Resource> change)
    {
        var bucket = Enter(key.Target.Path);
        try
        {
            var resource = GetOrAdd(bucket, key);
            change(resource);
            Tidy(bucket, resource);
        }
        finally
        {
            bucket.Gate.Exit();
        }
    }

    private Resource GetOrAdd(PathBucket bucket, CacheKey key)
    {
        if (_resources.TryGetValue(key, out var resource))
            return resource;
        resource = new Resource(key, bucket);
        bucket.Add(resource);
        _resources.TryAdd(key, resource); // one path, one lock: nobody else can have added it
        return resource;
    }

    private void Tidy(PathBucket bucket, Resource resource)
    {
        if (!resource.IsEmpty)
            return;
        _resources.TryRemove(resource.Key, out _);
        bucket.Remove(resource);
        if (!bucket.IsEmpty)
            return;
        bucket.IsDead = true;
        _buckets.TryRemove(resource.Key.Target.Path, out _);
    }

    private void TakeOut(Resource resource, StoredEntry entry, List<StoredEntry> removed)
    {
        entry.OnLeaving();
        if (!resource.Remove(entry) || !entry.TryMarkRemoved())
            return;
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -entry.Size);
        removed.Add(entry);
    }

    private void Announce(List<StoredEntry> removed)
    {
        foreach (var entry in removed)
        {
            _groups.Unlink(entry, entry.Groups);
            entry.OnRemoved();
        }
    }
}
