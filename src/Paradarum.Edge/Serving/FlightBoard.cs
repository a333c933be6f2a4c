using System.Collections.Concurrent;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Serving;

/// <summary>What concurrent misses share: one key, and one form of Accept-Encoding, since that is what goes upstream.</summary>
internal readonly record struct FlightKey(CacheKey Key, string Codings)
{
    /// <summary>The slice of a large body that is fetched; null: the whole response.</summary>
    public SliceId? Slice { get; init; }
}

/// <summary>
/// The fetches in flight that may be joined, one for each key. Also remembers keys whose answer could not be shared, so that their visitors do
/// not queue for nothing (hit-for-miss), and those of which no part could be cut.
/// </summary>
internal sealed class FlightBoard(TimeProvider time)
{
    private readonly ConcurrentDictionary<FlightKey, Flight> _open = new();
    private readonly RememberedKeys _unshareable = new(time);
    private readonly RememberedKeys _uncut = new(time);
    private readonly RememberedKeys _unsliceable = new(time);
    private long _order;

    /// <summary>A point in the order of fetches: one with an order above it began later.</summary>
    public long Mark => Volatile.Read(ref _order);

    public long Next() => Interlocked.Increment(ref _order);

    /// <summary>Visitors who wait for, or are sent, what the fetches bring that may still be joined.</summary>
    public int Visitors
    {
        get
        {
            var visitors = 0;
            foreach (var (_, flight) in _open)
                visitors += flight.Body.Readers;
            return visitors;
        }
    }

    public Flight? Find(in FlightKey key) => _open.GetValueOrDefault(key);

    /// <summary>Makes a flight the one that others join, in place of <paramref name="former"/>. False when someone else was quicker.</summary>
    public bool Publish(in FlightKey key, Flight flight, Flight? former) =>
        former is null ? _open.TryAdd(key, flight) : _open.TryUpdate(key, flight, former);

    /// <summary>The flight is over, or has nothing to share: nobody finds it any more.</summary>
    public void Withdraw(in FlightKey key, Flight flight) => _open.TryRemove(KeyValuePair.Create(key, flight));

    public void MarkUnshareable(in FlightKey key) => _unshareable.Add(key);

    public void MarkShareable(in FlightKey key) => _unshareable.Remove(key);

    public bool IsUnshareable(in FlightKey key) => _unshareable.Holds(key);

    /// <summary>No range could be cut out of what came: for a while, ranges are asked of upstream as they are.</summary>
    public void MarkUncut(in FlightKey key) => _uncut.Add(key);

    public bool IsUncut(in FlightKey key) => _uncut.Holds(key);

    /// <summary>Upstream said that it serves byte ranges, and did not: for a while, the whole is streamed.</summary>
    public void MarkUnsliceable(in FlightKey key) => _unsliceable.Add(key);

    public bool IsUnsliceable(in FlightKey key) => _unsliceable.Holds(key);
}

/// <summary>Keys of which something is remembered for half a minute; so many of them that they are a bound on memory, not on traffic. Thread-safe.</summary>
internal sealed class RememberedKeys(TimeProvider time)
{
    private const int Most = 16_384;
    private static readonly TimeSpan For = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<FlightKey, long> _until = new();

    public void Add(in FlightKey key)
    {
        if (_until.Count >= Most)
            _until.Clear();
        _until[key] = time.GetTimestamp() + (long)(For.TotalSeconds * time.TimestampFrequency);
    }

    public void Remove(in FlightKey key)
    {
        if (!_until.IsEmpty)
            _until.TryRemove(key, out _);
    }

    public bool Holds(in FlightKey key)
    {
        if (_until.IsEmpty || !_until.TryGetValue(key, out var until))
            return false;
        if (time.GetTimestamp() < until)
            return true;
        _until.TryRemove(key, out _);
        return false;
    }
}
