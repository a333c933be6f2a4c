using System.Diagnostics.CodeAnalysis;

namespace Paradarum.Control.Webhooks;

/// <summary>When a delivery that failed is tried again: after 5 s, doubling up to an hour, each time a tenth more or less; given up 24 h after the purge was complete.</summary>
internal static class Backoff
{
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <param name="attempts">So far, from 1.</param>
    /// <param name="random">From 0 to 1: what failed together is not tried together.</param>
    public static TimeSpan After(int attempts, double random)
    {
        var pause = TimeSpan.FromSeconds(5 * Math.Pow(2, Math.Min(attempts - 1, 20)));
        return (pause < Longest ? pause : Longest) * (0.9 + (0.2 * random));
    }

    [SuppressMessage("Security", "CA5394", Justification = "It spreads load and guards nothing.")]
    public static TimeSpan After(int attempts) => After(attempts, Random.Shared.NextDouble());
}
