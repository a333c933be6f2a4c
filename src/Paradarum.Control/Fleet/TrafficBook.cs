using System.Collections.Immutable;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>What visitors asked for in one stretch of time.</summary>
internal readonly record struct TrafficSum(long Requests, long Hits, long Bytes)
{
    /// <summary>Of 0 to 1; null when nothing was asked for.</summary>
    public double? HitRatio => Requests == 0 ? null : (double)Hits / Requests;

    public static TrafficSum operator +(TrafficSum one, TrafficSum other) => Add(one, other);

    public static TrafficSum Add(TrafficSum one, TrafficSum other) =>
        new(one.Requests + other.Requests, one.Hits + other.Hits, one.Bytes + other.Bytes);
}

/// <summary>
/// What PoPs said in their heartbeats that visitors asked for, by property, for the last ten minutes. In memory alone: it is for looking at, nothing is decided by it. A property
/// that was asked for costs about two kilobytes until it was quiet for as long. Safe from any thread.
/// </summary>
internal sealed class TrafficBook(TimeProvider time)
{
    public const int Stretches = 60;

    public static readonly TimeSpan Stretch = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Ring> _rings = []; // under _lock
    private readonly long _startedAt = time.GetTimestamp();
    private long _sweptAt; // under _lock

    public void Take(IEnumerable<PropertyTraffic> traffic)
    {
        lock (_lock)
        {
            var now = Number();
            foreach (var one in traffic)
            {
                // A node that counts backwards is not believed.
                if (one is not { Requests: > 0, Hits: >= 0, Bytes: >= 0 })
                    continue;
                if (!_rings.TryGetValue(one.PropertyId, out var ring))
                    _rings.Add(one.PropertyId, ring = new Ring());
                ring.Add(now, new TrafficSum(one.Requests, Math.Min(one.Hits, one.Requests), one.Bytes));
            }
            if (now - _sweptAt >= Stretches)
            {
                _sweptAt = now;
                foreach (var (property, ring) in _rings)
                {
                    if (now - ring.Newest >= Stretches)
                        _rings.Remove(property);
                }
            }
        }
    }

    /// <summary>The last ten minutes of these properties together, oldest stretch first; the last one is not over yet.</summary>
    public ImmutableArray<TrafficSum> Of(params IEnumerable<long> properties)
    {
        var sums = new TrafficSum[Stretches];
        lock (_lock)
        {
            var now = Number();
            foreach (var property in properties)
            {
                if (_rings.TryGetValue(property, out var ring))
                    ring.AddTo(sums, now);
            }
        }
        return [.. sums];
    }

    /// <summary>The number of the present stretch.</summary>
    private long Number() => (long)(time.GetElapsedTime(_startedAt) / Stretch) + Stretches;

    /// <summary>The stretches of one property, each in the place of the one that is ten minutes older.</summary>
    private sealed class Ring
    {
        private readonly TrafficSum[] _sums = new TrafficSum[Stretches];

        public long Newest { get; private set; }

        public void Add(long number, TrafficSum sum)
        {
            for (var passed = Math.Max(Newest + 1, number - Stretches + 1); passed <= number; passed++)
                _sums[passed % Stretches] = default;
            Newest = Math.Max(Newest, number);
            _sums[number % Stretches] += sum;
        }

        public void AddTo(TrafficSum[] sums, long now)
        {
            for (var number = Math.Max(now - Stretches + 1, Newest - Stretches + 1); number <= Newest; number++)
                sums[number - now + Stretches - 1] += _sums[number % Stretches];
        }
    }
}
