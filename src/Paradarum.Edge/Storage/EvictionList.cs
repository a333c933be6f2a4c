namespace Paradarum.Edge.Storage;

/// <summary>What the eviction knows of one entry; a part of the entry, since there are as many.</summary>
internal struct EvictionMark
{
    /// <summary>Its neighbours in the list that holds it.</summary>
    public StoredResponse? Before;
    public StoredResponse? After;

    /// <summary>Hits since it was last considered, 0 to 3. Written without a lock: a lost count costs nothing.</summary>
    public byte Hits;

    public EvictionPlace Place;
}

/// <summary>Which list holds an entry.</summary>
internal enum EvictionPlace : byte
{
    None,
    Small,
    Main,
}

/// <summary>Entries in order, linked through their own marks: a node of a list would cost each of them 48 bytes more. An entry is in one list at most. Not thread-safe.</summary>
internal sealed class EvictionList
{
    private StoredResponse? _last;

    public StoredResponse? First { get; private set; }

    public int Count { get; private set; }

    public void AddLast(StoredResponse entry)
    {
        entry.Eviction.Before = _last;
        if (_last is null)
            First = entry;
        else
            _last.Eviction.After = entry;
        _last = entry;
        Count++;
    }

    public void Remove(StoredResponse entry)
    {
        ref var mark = ref entry.Eviction;
        if (mark.Before is { } before)
            before.Eviction.After = mark.After;
        else
            First = mark.After;
        if (mark.After is { } after)
            after.Eviction.Before = mark.Before;
        else
            _last = mark.Before;
        (mark.Before, mark.After) = (null, null);
        Count--;
    }
}
