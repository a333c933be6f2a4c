namespace Paradarum.Edge.Storage;

/// <summary>
/// Says which entries go when memory is full: which of a property's by <see cref="PropertyQueue"/>, and which property's by fair share (docs/decisions/fair-share.md).
/// A property that holds more than its share loses its own entries to what it adds, so that one cannot drive out another's; one that holds less loses only what it
/// has not used for long. A hit costs one increment and no lock.
/// </summary>
/// <remarks>Bytes held never exceed <c>capacity</c> after <see cref="Add"/> returns. Thread-safe.</remarks>
internal sealed class EvictionQueue(long capacity)
{
    private const int MostHits = 3;

    /// <summary>Every entry of every property is considered once while this many times the capacity is added: what idle properties hold comes free in the end.</summary>
    private const int TurnAfter = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, PropertyQueue> _properties = [];
    private readonly LinkedList<PropertyQueue> _turns = new(); // the next whose turn it is comes first
    private long _bytes;
    private int _count;
    private PropertyQueue? _heaviest; // was, when it was last looked for
    private double _due; // entries still to be considered in turn
    private int _left; // of them, of the property whose turn it is

    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    public static void Hit(StoredResponse entry)
    {
        if (entry.Eviction.Hits < MostHits)
            entry.Eviction.Hits++;
    }

    /// <summary>Takes an entry in, unless it is in: whoever renewed it, and a visitor who read it back from disk, may both give it. Whoever had to go is added to <paramref name="evicted"/> and is no longer held.</summary>
    public void Add(StoredResponse entry, List<StoredResponse> evicted)
    {
        lock (_gate)
        {
            if (entry.Eviction.Place != EvictionPlace.None)
                return;
            var grown = OrAdd(entry.PropertyId);
            grown.Add(entry);
            _bytes += entry.Size;
            _count++;
            if (_bytes > capacity)
                _due += (double)entry.Size * _count / (TurnAfter * (double)capacity);
            while (_bytes > capacity)
            {
                if (Next(grown).Consider() is not { } gone)
                    continue;
                Forget(gone);
                evicted.Add(gone);
            }
        }
    }

    /// <summary>Lets go of an entry that was replaced or purged. False when it was not held any more.</summary>
    public bool Remove(StoredResponse entry)
    {
        lock (_gate)
        {
            if (entry.Eviction.Place == EvictionPlace.None)
                return false;
            _properties[entry.PropertyId].Remove(entry);
            Forget(entry);
            return true;
        }
    }

    /// <summary>Whose entry is considered next. Memory is full, so some property holds more than its share, or all hold just theirs.</summary>
    private PropertyQueue Next(PropertyQueue grown)
    {
        if (_due >= 1)
        {
            _due--;
            return InTurn();
        }
        var share = capacity / _properties.Count;
        if (grown.Bytes > share)
            return grown;
        // Looked for again only when the former one has come down to its share.
        if (_heaviest is null || _heaviest.Bytes <= share)
            _heaviest = _properties.Values.MaxBy(property => property.Bytes)!;
        return _heaviest;
    }

    /// <summary>As many entries of each property, one property after the other, as it has.</summary>
    private PropertyQueue InTurn()
    {
        while (_left == 0 || _turns.First!.Value.Count == 0)
        {
            var former = _turns.First!;
            _turns.RemoveFirst();
            _turns.AddLast(former);
            _left = _turns.First!.Value.Count;
        }
        _left--;
        return _turns.First!.Value;
    }

    private PropertyQueue OrAdd(long propertyId)
    {
        if (_properties.TryGetValue(propertyId, out var property))
            return property;
        property = new PropertyQueue();
        _properties.Add(propertyId, property);
        _turns.AddLast(property);
        return property;
    }

    private void Forget(StoredResponse entry)
    {
        _bytes -= entry.Size;
        _count--;
        if (_properties[entry.PropertyId] is not { Count: 0 } empty)
            return;
        // Nobody's share is smaller for a property that holds nothing.
        _properties.Remove(entry.PropertyId);
        _turns.Remove(empty);
        if (_heaviest == empty)
            _heaviest = null;
    }
}
