using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.Bench.FleetSize;

/// <summary><c>fleet</c>: what one control plane spends on many PoPs.</summary>
internal static class FleetCommand
{
    private static readonly int[] Sizes = [100, 1_000, 5_000, 10_000];

    public static Command Create()
    {
        var purges = BenchReport.Number("--purges", "Purges measured at each size.", 200, 100_000);
        var perSecond = BenchReport.Number("--per-second", "Purges sent a second.", 10, 1_000);
        var largest = BenchReport.Number("--largest", "Leave out sizes above this.", 10_000, 10_000);
        var smallest = BenchReport.Number("--smallest", "Leave out sizes below this.", 100, 10_000);
        var replicas = BenchReport.Number(
            "--replicas",
            "Control planes, on a PostgreSQL server of this machine; the PoPs are dealt out to them.",
            1,
            9
        );
        var lease = BenchReport.Number("--lease", "Of the nodes, in seconds; a heartbeat comes three times in it.", 3, 60);
        var result = BenchReport.Out();
        var command = new Command(
            "fleet",
            """
            Measure what 100, 1 000, 5 000 and 10 000 PoPs cost one control plane, which is a process of its own, or several: memory for each node, processor time for each node and
            purge and for each node that does nothing, and the time to the last acknowledgement. The PoPs have no cache; each has its own gRPC stream over a socket of its own.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- fleet --out bench/results/fleet.md
              dotnet run --project bench/Paradarum.Bench -c Release -- fleet --replicas 3 --lease 30 --out bench/results/fleet-replicas.md
            """
        )
        {
            purges,
            perSecond,
            smallest,
            largest,
            replicas,
            lease,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var plan = new FleetPlan(
                    parsed.GetValue(purges),
                    parsed.GetValue(perSecond),
                    [.. Sizes.Where(size => size >= parsed.GetValue(smallest) && size <= parsed.GetValue(largest))],
                    parsed.GetValue(replicas),
                    TimeSpan.FromSeconds(parsed.GetValue(lease))
                );
                var figures = new List<FleetFigures>();
                foreach (var size in plan.Sizes)
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
        using var server = plan.Replicas > 1 ? PostgresServer.StartOnDisk() : null;
        await using var bed = await ProcessFleetBed.StartAsync(
            0,
            0,
            control:
            [
                "--lease",
                string.Create(CultureInfo.InvariantCulture, $"{plan.Lease.TotalSeconds:0}s"),
                .. server is null ? Array.Empty<string>() : ["--database", server.ConnectionString()],
            ]
        );
        await bed.StartStandBysAsync(plan.Replicas - 1);
        int[] ports = [bed.FleetPort, .. bed.StandBys.Select(replica => replica.FleetPort)];
        var controls = new ControlProcesses(bed);
        // Those that stand by rehearse a takeover first.
        await Task.Delay(TimeSpan.FromSeconds(plan.Replicas > 1 ? 12 : 2), TimeProvider.System, stop);
        var empty = controls.Resident();

        // 1. Everyone enrols, connects and holds a lease.
        var began = Stopwatch.StartNew();
        var connected = 0;
        var pops = new LightPop[size];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, size),
            new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = stop },
            async (n, _) =>
            {
                pops[n] = await LightPop.ConnectAsync(ports[n % ports.Length], await bed.RegisterAsync("pop", $"pop-{n}"), plan.Lease / 3);
                if (Interlocked.Increment(ref connected) % 1000 == 0)
                    await Console.Error.WriteLineAsync($"{connected} of {size} PoPs connected after {began.Elapsed.TotalSeconds:0} s");
            }
        );
        await Task.WhenAll(pops.Select(pop => pop.Granted));
        await Console.Error.WriteLineAsync($"{size} PoPs hold a lease after {began.Elapsed.TotalSeconds:0} s");
        // Fewer where each takes seconds: what they warm is compiled long before.
        for (var n = 0; n < (size > 1000 ? 5 : 20); n++)
            await bed.Api.PurgeAndWaitAsync(bed.PropertyId, new { type = "Path", value = $"/warm/{n}" });

        // 2. Nothing but heartbeats.
        var idle = TimeSpan.FromSeconds(Math.Max(10, plan.Lease.TotalSeconds));
        var before = controls.ProcessorTimes();
        await Task.Delay(idle, TimeProvider.System, stop);
        var resting = (controls.ProcessorTimes() - before) / idle.TotalSeconds;
        var bytes = controls.Resident() - empty;

        // 3. Purges at an even pace, each followed to "complete".
        var times = new List<Task<long>>();
        var started = Stopwatch.GetTimestamp();
        before = controls.ProcessorTimes();
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / plan.PerSecond), TimeProvider.System);
        for (var n = 0; n < plan.Purges; n++)
        {
            await tick.WaitForNextTickAsync(stop);
            times.Add(CompleteAsync(bed, n));
        }
        var sorted = await Task.WhenAll(times);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var purging = controls.ProcessorTimes() - before - (resting * seconds);
        Array.Sort(sorted);
        foreach (var pop in pops)
            await pop.DisposeAsync();
        return new FleetFigures(
            size,
            bytes / size,
            resting * 1e6 / size,
            purging * 1e6 / plan.Purges / size,
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
            `dotnet run --project bench/Paradarum.Bench -c Release -- fleet --replicas {plan.Replicas} --lease {plan.Lease.TotalSeconds:0} --smallest {plan.Sizes[0]} --largest {plan.Sizes[^1]} --purges {plan.Purges} --per-second {plan.PerSecond}`: PoPs without a cache, each with its own gRPC stream over its own socket, all in one process beside the control plane's; leases of
            {plan.Lease.TotalSeconds:0} s, so a heartbeat every {plan.Lease.TotalSeconds / 3:0} s from each. {plan.Purges} purges at {plan.PerSecond} a second, each followed to `complete` by `?wait=`.{(
                plan.Replicas > 1
                    ? $"\nThe PoPs are dealt out to {plan.Replicas} control planes on one PostgreSQL server: figures are those of the one that works + those of one that stands by, for every node of the fleet."
                    : ""
            )}

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
            $"| {size.Pops} | {(size.BytesPerNode / 1024).ToString("0")} | {size.RestingMicroseconds.ToString("0")} | {size.PerNodeAndPurge.ToString("0.0")} | {size.Complete.At(50) / 1000:0.0} | {size.Complete.At(99) / 1000:0.0} | {size.Complete.At(100) / 1000:0.0} |"
        );
}

internal sealed record FleetPlan(int Purges, int PerSecond, IReadOnlyList<int> Sizes, int Replicas, TimeSpan Lease);

/// <summary>What the control plane that works has used, and one of those that stand by.</summary>
internal readonly record struct OfEach(double Works, double StandsBy)
{
    public static OfEach operator -(OfEach one, OfEach other) => new(one.Works - other.Works, one.StandsBy - other.StandsBy);

    public static OfEach operator *(OfEach one, double times) => new(one.Works * times, one.StandsBy * times);

    public static OfEach operator /(OfEach one, double by) => one * (1 / by);

    public string ToString(string format) =>
        double.IsNaN(StandsBy)
            ? Works.ToString(format, CultureInfo.InvariantCulture)
            : $"{Works.ToString(format, CultureInfo.InvariantCulture)} + {StandsBy.ToString(format, CultureInfo.InvariantCulture)}";
}

/// <summary>Reads them; of those that stand by, the mean.</summary>
internal sealed class ControlProcesses(ProcessFleetBed bed)
{
    public OfEach Resident() => Of(process => ProcessFacts.Resident(process));

    /// <summary>In seconds.</summary>
    public OfEach ProcessorTimes() => Of(process => ProcessFacts.ProcessorTime(process).TotalSeconds);

    private OfEach Of(Func<int, double> read) =>
        new(read(bed.Control.Id), bed.StandBys.Count == 0 ? double.NaN : bed.StandBys.Average(replica => read(replica.Process.Id)));
}

/// <summary>One size.</summary>
/// <param name="Pops">How many.</param>
/// <param name="BytesPerNode">Resident memory beyond that without nodes.</param>
/// <param name="RestingMicroseconds">Processor time a second for each node that only heartbeats.</param>
/// <param name="PerNodeAndPurge">Processor time beyond that, in microseconds.</param>
/// <param name="Complete">From the 200 to the answer that says complete.</param>
internal sealed record FleetFigures(
    int Pops,
    OfEach BytesPerNode,
    OfEach RestingMicroseconds,
    OfEach PerNodeAndPurge,
    LoadFigures Complete
);
