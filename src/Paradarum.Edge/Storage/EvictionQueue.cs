namespace Paradarum.Edge.Storage;

/// <summary>What the eviction knows of one entry.</summary>
internal sealed class EvictionMark
{
    /// <summary>Hits since it was last considered, 0 to 3. Written without a lock: a lost count costs nothing.</summary>
    public int Hits;

    public LinkedListNode<StoredResponse>? Place;

    public bool InMain;
}

/// <summary>
/// S3-FIFO (Yang et al., SOSP 2023): new entries wait in a small queue of a tenth of the memory and reach the main one only when they were hit
/// again, so that one pass over many pages does not empty the store. A hit costs one increment and no lock.
/// </summary>
/// <remarks>Bytes held never exceed <c>capacity</c> after <see cref="Add"/> returns. Thread-safe.</remarks>
internal sealed class EvictionQueue(long capacity)
{
    private const int MostHits = 3;

    private readonly Lock _gate = new();
    private readonly LinkedList<StoredResponse> _small = new();
    private readonly LinkedList<StoredResponse> _main = new();
    private readonly Queue<int> _ghostOrder = new();
    private readonly HashSet<int> _ghosts = [];
    private long _smallBytes;
    private long _mainBytes;

    public long Bytes
    {
        get
        {
            lock (_gate)
                return _smallBytes + _mainBytes;
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _small.Count + _main.Count;
        }
    }

    public static void Hit(StoredResponse entry)
    {
        if (entry.Eviction.Hits < MostHits)
            entry.Eviction.Hits++;
    }

    /// <summary>Takes an entry in. Whoever had to go is added to <paramref name="evicted"/> and is no longer held.</summary>
    public void Add(StoredResponse entry, List<StoredResponse> evicted)
    {
        lock (_gate)
        {
            Push(entry, toMain: _ghosts.Remove(Fingerprint(entry)));
            while (_smallBytes + _mainBytes > capacity)
                EvictOne(evicted);
        }
    }

    /// <summary>Lets go of an entry that was replaced or purged. False when it was not held any more.</summary>
    public bool Remove(StoredResponse entry)
    {
        lock (_gate)
        {
            if (entry.Eviction.Place is null)
                return false;
            Unlink(entry);
            return true;
        }
    }

    private void EvictOne(List<StoredResponse> evicted)
    {
        var fromSmall = _small.Count > 0 && (_smallBytes * 10 >= capacity || _main.Count == 0);
        var entry = (fromSmall ? _small : _main).First!.Value;
        Unlink(entry);
        if (fromSmall && entry.Eviction.Hits > 1)
        {
            entry.Eviction.Hits = 0;
            Push(entry, toMain: true);
        }
        else if (!fromSmall && entry.Eviction.Hits > 0)
        {
            entry.Eviction.Hits--;
            Push(entry, toMain: true);
        }
        else
        {
            if (fromSmall)
                Remember(entry);
            evicted.Add(entry);
        }
    }

    private void Push(StoredResponse entry, bool toMain)
    {
        entry.Eviction.InMain = toMain;
        entry.Eviction.Place = (toMain ? _main : _small).AddLast(entry);
        if (toMain)
            _mainBytes += entry.Size;
        else
            _smallBytes += entry.Size;
    }

    private void Unlink(StoredResponse entry)
    {
        var place = entry.Eviction.Place!;
        entry.Eviction.Place = null;
        place.List!.Remove(place);
        if (entry.Eviction.InMain)
            _mainBytes -= entry.Size;
        else
            _smallBytes -= entry.Size;
    }

    private void Remember(StoredResponse entry)
    {
        var fingerprint = Fingerprint(entry);
        if (_ghosts.Add(fingerprint))
            _ghostOrder.Enqueue(fingerprint);
        while (_ghostOrder.Count > Math.Max(64, _main.Count))
            _ghosts.Remove(_ghostOrder.Dequeue());
    }

    private static int Fingerprint(StoredResponse entry) => HashCode.Combine(entry.Key, entry.Vary, entry.Slice);
}
