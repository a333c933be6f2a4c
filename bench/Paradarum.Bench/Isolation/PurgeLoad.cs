using System.Net.Http.Json;
using Paradarum.Testing;

namespace Paradarum.Bench.Isolation;

/// <summary>Batches of 200 items at a steady rate, and a visitor who puts the purged URLs back.</summary>
internal sealed class PurgeLoad(TestFleet fleet, IsolationPlan plan)
{
    public const int Items = 200;

    private static readonly string[] Patterns = ["(a+)+$", "[ab]*a[ab]{900}$", "(a|aa)+$", "([a-b]+)*c$", "((ab)*|(ba)*)*c"];

    private string? _last;

    public int Accepted { get; private set; }

    /// <summary>URLs of the purged property that were asked for again.</summary>
    public int Visits { get; private set; }

    public static string Target(int n) =>
        $"/{n:00000}" + (n % 2 == 0 ? new string('a', 1993) : string.Concat(Enumerable.Repeat("ab", 996)) + "a") + "!";

    public static object Hostile(int n) => new { type = "Regex", value = $"{Patterns[n % Patterns.Length]}|^/{n}$" };

    public static object Harmless(int n) => new { type = "Regex", value = $"^/never/{n}/[0-9]+[.]html$" };

    /// <summary>What too expensive patterns are widened to.</summary>
    public static object Everything(int n) => new { type = "All" };

    public async Task PurgeAsync(Func<int, object> item, CancellationToken stop)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / plan.BatchesPerSecond), TimeProvider.System);
        for (var n = 0; await NextAsync(tick, stop); n += Items)
        {
            var items = Enumerable.Range(n, Items).Select(item);
            using var answer = await fleet.Control.Client.PostAsJsonAsync(
                $"/api/property/{fleet.Property.Id}/purge/batch",
                new { items },
                CancellationToken.None
            );
            answer.EnsureSuccessStatusCode();
            _last = answer.Headers.Location!.OriginalString;
            Accepted++;
        }
    }

    /// <summary>The last purge's receipt, complete and its counts final.</summary>
    public async Task<bool> WasLastWidenedAsync()
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        for (var tries = 0; tries < 300; tries++)
        {
            var receipt = await fleet.ReceiptAsync(_last!, "30s");
            if (receipt["countsFinal"]!.GetValue<bool>())
                return receipt["widened"]!.GetValue<bool>();
            await tick.WaitForNextTickAsync();
        }
        throw new InvalidOperationException("The last purge's counts did not become final within half a minute.");
    }

    /// <summary>At most 200 visits a second, in every phase, so that phases differ by their purges alone.</summary>
    public async Task KeepStoredAsync(CancellationToken stop)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        for (var n = 0; await NextAsync(tick, stop); )
        {
            for (var visit = 0; visit < 4; visit++, n++, Visits++)
                await fleet.Pops[0].VisitAsync(Target(n % plan.Urls));
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer tick, CancellationToken stop)
    {
        try
        {
            return await tick.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
