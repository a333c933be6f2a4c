using System.Net.Http.Json;
using Paradarum.Testing;

namespace Paradarum.Bench.Isolation;

/// <summary>Batches of 200 patterns at a steady rate, and a visitor who puts the purged URLs back.</summary>
internal sealed class PurgeLoad(TestFleet fleet, IsolationPlan plan)
{
    public const int Patterns = 200;

    private static readonly string[] Hostile = ["(a+)+$", "[ab]*a[ab]{900}$", "(a|aa)+$", "([a-b]+)*c$", "((ab)*|(ba)*)*c"];

    private string? _last;

    public int Accepted { get; private set; }

    /// <summary>URLs of the purged property that were asked for again.</summary>
    public int Visits { get; private set; }

    public static string Target(int n) =>
        $"/{n:00000}" + (n % 2 == 0 ? new string('a', 1993) : string.Concat(Enumerable.Repeat("ab", 996)) + "a") + "!";

    public static string HostilePattern(int n) => $"{Hostile[n % Hostile.Length]}|^/{n}$";

    public static string HarmlessPattern(int n) => $"^/never/{n}/[0-9]+[.]html$";

    public async Task PurgeAsync(Func<int, string> pattern, CancellationToken stop)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / plan.BatchesPerSecond), TimeProvider.System);
        for (var n = 0; await NextAsync(tick, stop); n += Patterns)
        {
            var items = Enumerable.Range(n, Patterns).Select(at => new { type = "Regex", value = pattern(at) });
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

    /// <summary>The last purge's receipt, complete.</summary>
    public async Task<bool> WasLastWidenedAsync()
    {
        var receipt = await fleet.ReceiptAsync(_last!, "60s");
        if (receipt["state"]!.GetValue<string>() != "complete")
            throw new InvalidOperationException("The last purge did not complete within a minute.");
        return receipt["widened"]!.GetValue<bool>();
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
