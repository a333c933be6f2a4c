using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// One property's share of <see cref="EntryIndex"/>. Lookups and enumerations take no lock; a change takes the gate of its path, which it shares with some other paths of the property.
/// </summary>
internal sealed class PropertyEntries(Action<StoredEntry> whenRemoved)
{
    /// <summary>Paths share the locks: one of its own for each would take more memory than all else that a path needs.</summary>
    private const int Gates = 16;

    /// <summary>Paths that an enumeration looks at together.</summary>
    private const int Together = 256;

    private static int _read;

    private readonly ConcurrentDictionary<string, PathResources> _paths = new(StringComparer.Ordinal);
    private readonly Lock[] _gates = [.. Enumerable.Range(0, Gates).Select(_ => new Lock())];
    private readonly ConcurrentDictionary<FetchInFlight, byte> _fetches = new(ReferenceEqualityComparer.Instance);
    private readonly GroupRegister _groups = new();
    private long _count;
    private long _bytes;

    public long Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    public Resource? Find(CacheKey key) => _paths.TryGetValue(key.Target.Path, out var held) ? held.Find(key) : null;

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
        bool stored;
        lock (GateOf(entry.Key.Target.Path))
        {
            var resource = GetOrAdd(entry.Key);
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
            Tidy(resource);
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
        var removed = new List<StoredEntry>();
        lock (GateOf(path))
        {
            // A copy: a resource without entries and fetches is taken out. What comes after it began after the change.
            foreach (var resource in HeldBy(path, keyed).ToArray())
            {
                if (!string.Equals(resource.Key.Host, host, StringComparison.Ordinal))
                    continue;
                foreach (var fetch in resource.Fetches)
                    fetch.Invalidate();
                foreach (var entry in resource.Entries)
                    TakeOut(resource, entry, removed);
                Tidy(resource);
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
        lock (GateOf(path))
        {
            var entries = new List<StoredEntry>();
            foreach (var resource in HeldBy(path, keyed))
                entries.AddRange(resource.Entries);
            return entries;
        }
    }

    public IEnumerable<StoredEntry> Entries()
    {
        using var paths = _paths.GetEnumerator();
        var together = new Held[Together];
        while (Gather(paths, together) is > 0 and var count)
        {
            Touch(together.AsSpan(0, count));
            for (var i = 0; i < count; i++)
            {
                if (together[i].Path is Resource { IsAlone: true, HasSlices: false } alone)
                {
                    foreach (var entry in alone.Variants)
                        yield return entry;
                    continue;
                }
                foreach (var resource in together[i].Path.All())
                {
                    foreach (var entry in resource.Variants)
                        yield return entry;
                    foreach (var slice in resource.HasSlices ? resource.Slices : [])
                        yield return slice;
                }
            }
        }
    }

    /// <summary>
    /// The next paths, in a loop so short that the waits for memory of several go on at the same time: nothing of a path itself is read, not even what it is, as an array of references
    /// would have to.
    /// </summary>
    private static int Gather(IEnumerator<KeyValuePair<string, PathResources>> paths, Held[] together)
    {
        var count = 0;
        while (count < together.Length && paths.MoveNext())
            together[count++] = new Held(paths.Current.Value);
        return count;
    }

    /// <summary>
    /// Reads, for many paths in one short loop, what whoever enumerates will read: in a store larger than the processor's caches each of those reads waits for memory, object after
    /// object, and here the waits of different paths go on at the same time.
    /// </summary>
    private static void Touch(ReadOnlySpan<Held> paths)
    {
        var read = 0;
        foreach (var held in paths)
        {
            if (held.Path is Resource { Variants: [var entry, ..] } resource)
                read += resource.Key.Target.PathAndQuery.Length + (int)entry.Stamp;
        }
        Volatile.Write(ref _read, read); // else nothing would have to be read
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

    private Lock GateOf(string path) => _gates[(uint)string.GetHashCode(path, StringComparison.Ordinal) % Gates];

    /// <summary>Under the gate of the path.</summary>
    private IEnumerable<Resource> HeldBy(string path, CanonicalTarget? keyed) =>
        !_paths.TryGetValue(path, out var held) ? []
        : keyed is null ? held.All()
        : held.OfTarget(keyed.Value);

    private void Change(CacheKey key, Action<Resource> change)
    {
        lock (GateOf(key.Target.Path))
        {
            var resource = GetOrAdd(key);
            change(resource);
            Tidy(resource);
        }
    }

    private Resource GetOrAdd(CacheKey key)
    {
        var held = _paths.GetValueOrDefault(key.Target.Path);
        if (held?.Find(key) is { } found)
            return found;
        var resource = new Resource(key);
        _paths[key.Target.Path] = held?.With(resource) ?? resource;
        return resource;
    }

    private void Tidy(Resource resource)
    {
        var path = resource.Key.Target.Path;
        if (!resource.IsEmpty || !_paths.TryGetValue(path, out var held))
            return;
        var left = held.Without(resource);
        if (left is null)
            _paths.TryRemove(path, out _);
        else if (left != held)
            _paths[path] = left;
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
            whenRemoved(entry);
        }
    }

    /// <summary>A path that an enumeration has come to.</summary>
    private readonly record struct Held(PathResources Path);
}
