using System.CommandLine;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.Accept;

/// <summary><c>accept</c>: durable purges per second, against an endpoint of the same framework that does nothing.</summary>
internal static class AcceptCommand
{
    public static Command Create() =>
        new TurnOptions(
            "How long each is warmed up before the first turn, in seconds: seven processes have their code compiled meanwhile, by the same processors.",
            15
        ).Command(
            "accept",
            """
            Measure how many purges a second are made durable and answered, with two shields and four PoPs attached as processes, in turns with an endpoint of
            the same framework, in a process of its own, that reads the same JSON, answers the same envelope and does nothing.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- accept --out bench/results/accept.md
            """,
            RunAsync
        );

    private static async Task<string> RunAsync(TurnPlan plan, CancellationToken stop)
    {
        var (connections, turn, turns, warm) = plan;
        await using var bed = await ProcessFleetBed.StartAsync(shields: 2, pops: 4);
        await using var peer = await EmptyPeer.StartAsync();
        var purges = PurgeBytes.Of(bed.PropertyId, bed.ApiKey);
        HttpLoad Load(int port) => new([port], purges, head => head.StartsWith("HTTP/1.1 200"u8));
        var (durable, empty) = (Load(bed.ApiPort), Load(peer.Port));
        await empty.MeasureAsync(connections, warm);
        await durable.MeasureAsync(connections, warm);

        var pairs = new List<(AcceptTurn Empty, AcceptTurn Durable)>();
        for (var n = 0; n < turns; n++)
        {
            stop.ThrowIfCancellationRequested();
            pairs.Add(
                (
                    await AcceptTurn.MeasureAsync(empty, connections, turn, bed, peer),
                    await AcceptTurn.MeasureAsync(durable, connections, turn, bed, peer)
                )
            );
            await Console.Error.WriteLineAsync(
                $"turn {n + 1} of {turns}: {pairs[^1].Durable.Figures.PerSecond:0} purges/s, {pairs[^1].Empty.Figures.PerSecond:0} empty"
            );
        }
        return Report(connections, turn, pairs);
    }

    private static string Report(int connections, TimeSpan turn, List<(AcceptTurn Empty, AcceptTurn Durable)> pairs)
    {
        var ratios = pairs.Select(pair => pair.Durable.Figures.PerSecond / pair.Empty.Figures.PerSecond).Order().ToList();
        var report = new StringBuilder("# Durable purges per second\n\n");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            `dotnet run --project bench/Paradarum.Bench -c Release -- accept`: {connections} connections, {turn.TotalSeconds:0} s a turn; control plane, two shields and four PoPs are processes that
            follow the log meanwhile. The peer is an endpoint of the same framework in its own process, which reads the same JSON, answers the same envelope and does nothing.
            Clients and all processes share the machine.

            {BenchReport.Machine()}

            **Ratio (median of {pairs.Count} turns): {ratios[ratios.Count / 2]:0.00}**

            | turn | | requests/s | ratio | p50 ms | p99 ms | p99.9 ms | not 200 |
            | --- | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        for (var n = 0; n < pairs.Count; n++)
        {
            report.AppendLine(Row(n + 1, "does nothing", pairs[n].Empty.Figures, 1));
            report.AppendLine(
                Row(n + 1, "durable purge", pairs[n].Durable.Figures, pairs[n].Durable.Figures.PerSecond / pairs[n].Empty.Figures.PerSecond)
            );
        }
        report.AppendLine(
            """

            Processor time of each process, microseconds for one request (user and system; all turns together). All of it is taken from the same processors.

            | | clients | peer | control plane | 2 shields | 4 PoPs | all |
            | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        report.AppendLine(AcceptTurn.CostRow("does nothing", [.. pairs.Select(pair => pair.Empty)]));
        report.AppendLine(AcceptTurn.CostRow("durable purge", [.. pairs.Select(pair => pair.Durable)]));
        return report.ToString();
    }

    private static string Row(int turn, string what, LoadFigures figures, double ratio) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {turn} | {what} | {figures.PerSecond:0} | {ratio:0.00} | {figures.At(50) / 1000:0.0} | {figures.At(99) / 1000:0.0} | {figures.At(99.9) / 1000:0.0} | {figures.Others} |"
        );
}
