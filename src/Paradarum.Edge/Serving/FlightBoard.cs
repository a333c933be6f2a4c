using System.Collections.Concurrent;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Serving;

/// <summary>What concurrent misses share: one key, and one form of Accept-Encoding, since that is what goes upstream.</summary>
internal readonly record struct FlightKey(CacheKey Key, string Codings);

/// <summary>
/// The fetches in flight that may be joined, one for each key. Also remembers keys whose answer could not be shared, so that their visitors do
/// not queue for nothing (hit-for-miss).
/// </summary>
internal sealed class FlightBoard(TimeProvider time)
{
    private const int MostUnshareable = 16_384;
    private static readonly TimeSpan UnshareableFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<FlightKey, Flight> _open = new();
    private readonly ConcurrentDictionary<FlightKey, long> _unshareableUntil = new();
    private long _order;

    /// <summary>A point in the order of fetches: one with an order above it began later.</summary>
    public long Mark => Volatile.Read(ref _order);

    public long Next() => Interlocked.Increment(ref _order);

    public Flight? Find(in FlightKey key) => _open.GetValueOrDefault(key);

    /// <summary>Makes a flight the one that others join, in place of <paramref name="former"/>. False when someone else was quicker.</summary>
    public bool Publish(in FlightKey key, Flight flight, Flight? former) =>
        former is null ? _open.TryAdd(key, flight) : _open.TryUpdate(key, flight, former);

    /// <summary>The flight is over, or has nothing to share: nobody finds it any more.</summary>
    public void Withdraw(in FlightKey key, Flight flight) => _open.TryRemove(KeyValuePair.Create(key, flight));

    public void MarkUnshareable(in FlightKey key)
    {
        if (_unshareableUntil.Count >= MostUnshareable)
            _unshareableUntil.Clear();
        _unshareableUntil[key] = time.GetTimestamp() + (long)(UnshareableFor.TotalSeconds * time.TimestampFrequency);
    }

    public void MarkShareable(in FlightKey key)
    {
        if (!_unshareableUntil.IsEmpty)
            _unshareableUntil.TryRemove(key, out _);
    }

    public bool IsUnshareable(in FlightKey key)
    {
        if (_unshareableUntil.IsEmpty || !_unshareableUntil.TryGetValue(key, out var until))
            return false;
        if (time.GetTimestamp() < until)
            return true;
        _unshareableUntil.TryRemove(key, out _);
        return false;
    }
}
