using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>How fast one API key may ask (contract section 0, rate limits).</summary>
internal sealed record KeyRateOptions
{
    public const int HighestRate = 100_000;
    public const int LargestBurst = 1_000_000;

    /// <summary>Requests a second in the long run. 0 to 100 000, default 0: no limit.</summary>
    public int PerSecond { get; init; }

    /// <summary>Requests that a key which was quiet may send at once. 1 to 1 000 000, default 100; means nothing without a rate.</summary>
    public int Burst { get; init; } = 100;

    /// <summary>All that is wrong, each sentence naming its key; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (PerSecond is < 0 or > HighestRate)
            problems.Add($"KeyRates:PerSecond is {PerSecond}; it must be between 0 (no limit) and {HighestRate}.");
        if (Burst is < 1 or > LargestBurst)
            problems.Add($"KeyRates:Burst is {Burst}; it must be between 1 and {LargestBurst}.");
        return problems;
    }
}

/// <summary>
/// A token bucket for each key, kept as one number: the instant at which it would be full again. Nothing refills it and nothing waits for it; a request costs one
/// look-up and one exchange. A key that was never used has no entry; there are no more entries than keys.
/// </summary>
internal sealed class KeyRates
{
    private readonly ConcurrentDictionary<long, StrongBox<long>> _fullAt = new();
    private readonly TimeProvider _time;
    private readonly long _ticksPerToken;
    private readonly long _ticksOfAll;
    private readonly string _sentence;

    public KeyRates(KeyRateOptions options, TimeProvider time)
    {
        _time = time;
        if (options.PerSecond > 0)
        {
            // At least one tick: a clock of milliseconds would make the limit none.
            _ticksPerToken = Math.Max(1, time.TimestampFrequency / options.PerSecond);
            _ticksOfAll = _ticksPerToken * options.Burst;
        }
        _sentence = string.Create(
            CultureInfo.InvariantCulture,
            $"Too many requests with this API key. The operator allows {options.PerSecond} a second."
        );
    }

    /// <summary>Takes a token of the key's bucket. Null when there was one; else the refusal, which says when there will be one.</summary>
    public Refusal? Take(long keyId)
    {
        if (_ticksPerToken == 0)
            return null;
        var fullAt = _fullAt.GetOrAdd(keyId, static _ => new StrongBox<long>(long.MinValue));
        while (true)
        {
            var (now, known) = (_time.GetTimestamp(), Volatile.Read(ref fullAt.Value));
            var next = Math.Max(known, now) + _ticksPerToken;
            if (next - now > _ticksOfAll)
                return Refusal.TooMany(_sentence, _time.GetElapsedTime(now, next - _ticksOfAll));
            if (Interlocked.CompareExchange(ref fullAt.Value, next, known) == known)
                return null;
        }
    }
}
