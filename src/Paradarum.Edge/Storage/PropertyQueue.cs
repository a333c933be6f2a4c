namespace Paradarum.Edge.Storage;

/// <summary>
/// S3-FIFO (Yang et al., SOSP 2023) of one property: new entries wait in a small queue of a tenth of its memory and reach the main one only when they were hit again,
/// so that one pass over many pages does not empty the store. Everything in it happens under the lock of <see cref="EvictionQueue"/>.
/// </summary>
internal sealed class PropertyQueue
{
    private readonly EvictionList _small = new();
    private readonly EvictionList _main = new();
    private readonly Queue<int> _ghostOrder = new();
    private readonly HashSet<int> _ghosts = [];
    private long _smallBytes;

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    public int Count => _small.Count + _main.Count;

    public void Add(StoredResponse entry) => Push(entry, toMain: _ghosts.Remove(Fingerprint(entry)));

    public void Remove(StoredResponse entry)
    {
        var place = entry.Eviction.Place;
        (place == EvictionPlace.Main ? _main : _small).Remove(entry);
        entry.Eviction.Place = EvictionPlace.None;
        Bytes -= entry.Size;
        if (place == EvictionPlace.Small)
            _smallBytes -= entry.Size;
    }

    /// <summary>Considers one entry: it goes, and is returned, or it was hit and stays for another round. Not to be asked when empty.</summary>
    public StoredResponse? Consider()
    {
        var fromSmall = _small.Count > 0 && (_smallBytes * 10 >= Bytes || _main.Count == 0);
        var entry = (fromSmall ? _small : _main).First!;
        Remove(entry);
        if (fromSmall && entry.Eviction.Hits > 1)
        {
            entry.Eviction.Hits = 0;
            Push(entry, toMain: true);
            return null;
        }
        if (!fromSmall && entry.Eviction.Hits > 0)
        {
            entry.Eviction.Hits--;
            Push(entry, toMain: true);
            return null;
        }
        if (fromSmall)
            Remember(entry);
        return entry;
    }

    private void Push(StoredResponse entry, bool toMain)
    {
        entry.Eviction.Place = toMain ? EvictionPlace.Main : EvictionPlace.Small;
        (toMain ? _main : _small).AddLast(entry);
        Bytes += entry.Size;
        if (!toMain)
            _smallBytes += entry.Size;
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
