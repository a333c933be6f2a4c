namespace Paradarum.Edge.Storage;

/// <summary>
/// Which stored responses of one property are in which group (RFC 9875), and which groups were invalidated while fetches that may bring a member were under way.
/// Costs nothing for responses without groups. Thread-safe.
/// </summary>
internal sealed class GroupRegister
{
    /// <summary>Invalidated groups that are remembered one by one; beyond it every fetch under way counts as overtaken, whatever group it brings.</summary>
    private const int MostRemembered = 1_024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, HashSet<StoredEntry>> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _invalidatedAt = new(StringComparer.Ordinal);
    private long _sequence;
    private long _allBefore;

    /// <summary>How many invalidations there were. A fetch notes it when it is registered: later ones overtake it.</summary>
    public long Mark => Volatile.Read(ref _sequence);

    /// <summary>
    /// Tells what groups the response of a fetch is in. Before it is stored or shared. True when one of them was invalidated since the fetch began: then it is invalidated.
    /// </summary>
    public bool Overtakes(FetchInFlight fetch, string[] groups)
    {
        if (groups.Length == 0)
            return false;
        lock (_gate)
        {
            fetch.Groups = groups;
            if (fetch.GroupMark >= _allBefore && !Array.Exists(groups, group => _invalidatedAt.GetValueOrDefault(group) > fetch.GroupMark))
                return false;
            fetch.Invalidate();
            return true;
        }
    }

    /// <summary>Before an entry is added: an invalidation then either finds it here or has invalidated its fetch.</summary>
    public void Link(StoredEntry entry, string[] groups)
    {
        if (groups.Length == 0)
            return;
        lock (_gate)
        {
            foreach (var group in groups)
            {
                if (!_members.TryGetValue(group, out var members))
                    _members.Add(group, members = new(ReferenceEqualityComparer.Instance));
                members.Add(entry);
            }
        }
    }

    public void Unlink(StoredEntry entry, string[] groups)
    {
        if (groups.Length == 0)
            return;
        lock (_gate)
        {
            foreach (var group in groups)
            {
                if (_members.TryGetValue(group, out var members) && members.Remove(entry) && members.Count == 0)
                    _members.Remove(group);
            }
        }
    }

    /// <summary>
    /// Invalidates groups: fetches known to bring a member at once, others when they tell their groups. Returns the stored members, for the caller to take out.
    /// </summary>
    /// <param name="groups">Their names.</param>
    /// <param name="underWay">The property's registered fetches, read after this was called.</param>
    public IReadOnlyCollection<StoredEntry> Invalidate(string[] groups, IEnumerable<FetchInFlight> underWay)
    {
        var found = new HashSet<StoredEntry>(ReferenceEqualityComparer.Instance);
        lock (_gate)
        {
            var now = _sequence + 1;
            // Before the number is raised: a fetch that notes the new one must find nothing older to be overtaken by.
            foreach (var group in groups)
            {
                _invalidatedAt[group] = now;
                if (_members.TryGetValue(group, out var members))
                    found.UnionWith(members);
            }
            Volatile.Write(ref _sequence, now);

            var oldest = now;
            foreach (var fetch in underWay)
            {
                oldest = Math.Min(oldest, fetch.GroupMark);
                if (fetch.Groups.AsSpan().ContainsAny(groups))
                    fetch.Invalidate();
            }
            Forget(oldest);
        }
        return found;
    }

    /// <summary>What no fetch under way is older than overtakes nothing any more.</summary>
    private void Forget(long oldestUnderWay)
    {
        if (_invalidatedAt.Count <= MostRemembered)
            return;
        foreach (var (group, at) in _invalidatedAt)
        {
            if (at <= oldestUnderWay)
                _invalidatedAt.Remove(group);
        }
        if (_invalidatedAt.Count <= MostRemembered)
            return;
        _allBefore = _sequence;
        _invalidatedAt.Clear();
    }
}
