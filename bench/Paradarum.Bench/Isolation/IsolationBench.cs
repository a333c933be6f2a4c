using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Testing;

namespace Paradarum.Bench.Isolation;

/// <summary>Runs the phases and writes the report.</summary>
internal static class IsolationBench
{
    private const string Neighbour = "neighbour";
    private const int PageBytes = 1024;

    public static async Task<string> RunAsync(IsolationPlan plan, CancellationToken stop)
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 1);
        fleet.Serves(new string('x', PageBytes), "Cache-Control: max-age=86400");
        using var visitor = await fleet.AddNeighbourAsync(Neighbour);
        for (var n = 0; n < plan.Pages; n++)
            await visitor.GetAsync($"/page/{n}");
        for (var n = 0; n < plan.Urls; n++)
            await fleet.Pops[0].VisitAsync(PurgeLoad.Target(n));

        var load = new HitLoad(fleet.Pops[0].Node.Url.Port, $"{Neighbour}.cdn.localhost", plan.Pages, plan.Connections);
        await load.MeasureAsync(TimeSpan.FromSeconds(5)); // the compiler has seen the hot path
        var phases = new List<PhaseFigures>();
        foreach (var (name, item) in Phases)
        {
            stop.ThrowIfCancellationRequested();
            phases.Add(await PhaseAsync(name, item, fleet, load, plan));
            await Console.Error.WriteLineAsync(Row(phases[^1], phases[0]));
        }
        return Report(plan, phases);
    }

    private static IEnumerable<(string Name, Func<int, object>? Item)> Phases =>
        [
            ("no purges", null),
            ("harmless patterns", PurgeLoad.Harmless),
            ("everything, by no pattern", PurgeLoad.Everything),
            ("hostile patterns", PurgeLoad.Hostile),
            ("no purges, again", null),
        ];

    private static async Task<PhaseFigures> PhaseAsync(
        string name,
        Func<int, object>? item,
        TestFleet fleet,
        HitLoad load,
        IsolationPlan plan
    )
    {
        var purges = new PurgeLoad(fleet, plan);
        using var end = new CancellationTokenSource();
        var keeping = purges.KeepStoredAsync(end.Token);
        var purging = item is null ? Task.CompletedTask : purges.PurgeAsync(item, end.Token);
        var processor = Environment.CpuUsage.TotalTime;
        var hits = await load.MeasureAsync(plan.Phase);
        processor = Environment.CpuUsage.TotalTime - processor;
        await end.CancelAsync();
        await Task.WhenAll(keeping, purging);
        var widened = item is not null && await purges.WasLastWidenedAsync();
        return new PhaseFigures(name, hits, purges.Accepted, purges.Visits, processor / plan.Phase, widened);
    }

    private static string Report(IsolationPlan plan, List<PhaseFigures> phases)
    {
        var report = new StringBuilder("# Hits of one property while another is purged with hostile patterns\n\n");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            `dotnet run --project bench/Paradarum.Bench -c Release -- isolation`: one PoP behind one shield; {plan.Connections} connections visit {plan.Pages} pages of {PageBytes} bytes of one
            property in a closed loop, {plan.Phase.TotalSeconds:0} s a phase. Another property has up to {plan.Urls} URLs of 2 000 characters stored, asked for again all the time, and is purged with
            {plan.BatchesPerSecond} batches of {PurgeLoad.Items} items a second. Visitors, origin, control plane and nodes share one process and its processors: what hostile patterns themselves cost is
            the step from the phase that purges everything by no pattern, where the same pages are fetched again.

            {BenchReport.Machine()}

            | phase | hits/s | of the first | p50 µs | p99 µs | p99.9 µs | no HIT | batches | other property's visits | processors used | widened |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        foreach (var phase in phases)
            report.AppendLine(Row(phase, phases[0]));
        return report.ToString();
    }

    private static string Row(PhaseFigures phase, PhaseFigures first) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {phase.Name} | {phase.Hits.PerSecond:0} | {phase.Hits.PerSecond / first.Hits.PerSecond:0.00} | {phase.Hits.At(50):0} | {phase.Hits.At(99):0} | {phase.Hits.At(99.9):0} | {phase.Hits.Others} | {phase.Batches} | {phase.Visits} | {phase.Processors:0.00} | {(phase.Widened ? "yes" : "no")} |"
        );
}

/// <summary>One phase.</summary>
/// <param name="Name">What was purged.</param>
/// <param name="Hits">Of the other property.</param>
/// <param name="Batches">Accepted.</param>
/// <param name="Visits">Of the purged property.</param>
/// <param name="Processors">Processor time of the whole process by the time of the phase.</param>
/// <param name="Widened">The last purge was widened on some node.</param>
internal sealed record PhaseFigures(string Name, LoadFigures Hits, int Batches, int Visits, double Processors, bool Widened);
