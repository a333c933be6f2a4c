using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Testing;

namespace Paradarum.Bench.FleetSize;

/// <summary><c>fleet</c>: what one control plane spends on many PoPs.</summary>
internal static class FleetCommand
{
    private static readonly int[] Sizes = [100, 1_000, 5_000];

    public static Command Create()
    {
        var purges = BenchReport.Number("--purges", "Purges measured at each size.", 200, 100_000);
        var perSecond = BenchReport.Number("--per-second", "Purges sent a second.", 10, 1_000);
        var largest = BenchReport.Number("--largest", "Leave out sizes above this.", 5_000, 5_000);
        var result = BenchReport.Out();
        var command = new Command(
            "fleet",
            """
            Measure what 100, 1 000 and 5 000 PoPs cost one control plane, which is a process of its own: memory for each node, processor time for each node and
            purge and for each node that does nothing, and the time to the last acknowledgement. The PoPs have no cache; each has its own gRPC stream over a socket of its own.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- fleet --out bench/results/fleet.md
            """
        )
        {
            purges,
            perSecond,
            largest,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var plan = new FleetPlan(parsed.GetValue(purges), parsed.GetValue(perSecond));
                var figures = new List<FleetFigures>();
                foreach (var size in Sizes.Where(size => size <= parsed.GetValue(largest)))
                {
                    figures.Add(await MeasureAsync(size, plan, stop));
                    await Console.Error.WriteLineAsync(Row(figures[^1]));
                }
                return await BenchReport.KeepAsync(Report(plan, figures), parsed.GetValue(result), stop);
            }
        );
        return command;
    }

    private static async Task<FleetFigures> MeasureAsync(int size, FleetPlan plan, CancellationToken stop)
    {
        await using var bed = await ProcessFleetBed.StartAsync(shields: 0, pops: 0);
        var control = bed.Control.Id;
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, stop);
        var emptyBytes = ProcessFacts.Resident(control);

        // 1. Everyone enrols, connects and holds a lease.
        var pops = new LightPop[size];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, size),
            new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = stop },
            async (n, _) => pops[n] = await LightPop.ConnectAsync(bed.FleetPort, await bed.RegisterAsync("pop", $"pop-{n}"))
        );
        await Task.WhenAll(pops.Select(pop => pop.Granted));
        for (var n = 0; n < 20; n++)
            await bed.Api.PurgeAndWaitAsync(bed.PropertyId, new { type = "Path", value = $"/warm/{n}" });

        // 2. Nothing but heartbeats.
        var idle = TimeSpan.FromSeconds(10);
        var before = ProcessFacts.ProcessorTime(control);
        await Task.Delay(idle, TimeProvider.System, stop);
        var resting = (ProcessFacts.ProcessorTime(control) - before) / idle;
        var bytes = ProcessFacts.Resident(control);

        // 3. Purges at an even pace, each followed to "complete".
        var times = new List<Task<long>>();
        var started = Stopwatch.GetTimestamp();
        before = ProcessFacts.ProcessorTime(control);
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / plan.PerSecond), TimeProvider.System);
        for (var n = 0; n < plan.Purges; n++)
        {
            await tick.WaitForNextTickAsync(stop);
            times.Add(CompleteAsync(bed, n));
        }
        var sorted = await Task.WhenAll(times);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var purging =
            (ProcessFacts.ProcessorTime(control) - before)
            - (resting * TimeSpan.FromSeconds(seconds).TotalSeconds * TimeSpan.FromSeconds(1));
        Array.Sort(sorted);
        foreach (var pop in pops)
            await pop.DisposeAsync();
        return new FleetFigures(
            size,
            (double)(bytes - emptyBytes) / size,
            resting * 1e6 / size,
            purging.TotalMicroseconds / plan.Purges / size,
            new LoadFigures(plan.Purges / seconds, 0, sorted)
        );
    }

    private static async Task<long> CompleteAsync(ProcessFleetBed bed, int n)
    {
        var location = await bed.Api.PurgeAsync(bed.PropertyId, new { type = "Path", value = $"/page/{n}" });
        var accepted = Stopwatch.GetTimestamp();
        var receipt = await bed.Api.ReceiptAsync(location, "60s");
        return receipt["state"]!.GetValue<string>() == "complete"
            ? Stopwatch.GetTimestamp() - accepted
            : throw new InvalidOperationException("A purge did not complete within a minute.");
    }

    private static string Report(FleetPlan plan, List<FleetFigures> figures)
    {
        var report = new StringBuilder("# What many PoPs cost one control plane\n\n");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            `dotnet run --project bench/Paradarum.Bench -c Release -- fleet`: PoPs without a cache, each with its own gRPC stream over its own socket, all in one process beside the control plane's; leases of
            3 s, so a heartbeat a second from each. {plan.Purges} purges at {plan.PerSecond} a second, each followed to `complete` by `?wait=`.

            {BenchReport.Machine()}

            | PoPs | memory per node KiB | processor per resting node µs/s | processor per node and purge µs | to complete p50 ms | p99 ms | longest ms |
            | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        foreach (var size in figures)
            report.AppendLine(Row(size));
        return report.ToString();
    }

    private static string Row(FleetFigures size) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {size.Pops} | {size.BytesPerNode / 1024:0} | {size.RestingMicroseconds:0} | {size.PerNodeAndPurge:0.0} | {size.Complete.At(50) / 1000:0.0} | {size.Complete.At(99) / 1000:0.0} | {size.Complete.At(100) / 1000:0.0} |"
        );
}

internal sealed record FleetPlan(int Purges, int PerSecond);

/// <summary>One size.</summary>
/// <param name="Pops">How many.</param>
/// <param name="BytesPerNode">Resident memory of the control plane beyond that without nodes.</param>
/// <param name="RestingMicroseconds">Processor time a second for each node that only heartbeats.</param>
/// <param name="PerNodeAndPurge">Processor time beyond that, in microseconds.</param>
/// <param name="Complete">From the 200 to the answer that says complete.</param>
internal sealed record FleetFigures(
    int Pops,
    double BytesPerNode,
    double RestingMicroseconds,
    double PerNodeAndPurge,
    LoadFigures Complete
);
