using System.CommandLine;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.Propagate;

/// <summary><c>propagate</c>: how long from a purge's 200 until the last of six nodes has acknowledged it, and how many a second they follow.</summary>
internal static class PropagateCommand
{
    private static readonly int[] Rates = [1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000];

    public static Command Create()
    {
        var seconds = BenchReport.Number("--seconds", "How long each rate is held, in seconds.", 10, 600);
        var result = BenchReport.Out();
        var command = new Command(
            "propagate",
            """
            Measure the time from a purge's 200 to the last acknowledgement of two shields and four PoPs, which are processes, at 100 purges a second; then the
            highest steady rate at which none of them is a second behind. The control plane runs in this process, so that acknowledgements are seen as they arrive.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- propagate --out bench/results/propagate.md
            """
        )
        {
            seconds,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
                await BenchReport.KeepAsync(
                    await RunAsync(TimeSpan.FromSeconds(parsed.GetValue(seconds)), stop),
                    parsed.GetValue(result),
                    stop
                )
        );
        return command;
    }

    private static async Task<string> RunAsync(TimeSpan duration, CancellationToken stop)
    {
        await using var bed = await PropagateBed.StartAsync(shields: 2, pops: 4, stop);
        await bed.FollowAsync(perSecond: 300, TimeSpan.FromSeconds(15), stop); // the compilers of all seven have seen the path
        var acknowledged = await bed.FollowAsync(perSecond: 100, duration, stop);

        var rates = new List<RateFigures>();
        foreach (var rate in Rates)
        {
            stop.ThrowIfCancellationRequested();
            rates.Add(await bed.HoldAsync(rate, duration, stop));
            await Console.Error.WriteLineAsync(Row(rates[^1]));
            if (!rates[^1].Held || !rates[^1].IsReached)
                break;
        }
        return Report(duration, acknowledged, rates);
    }

    private static string Report(TimeSpan duration, LoadFigures acknowledged, List<RateFigures> rates)
    {
        var held = rates.Where(rate => rate.Held).Select(rate => rate.Reached).DefaultIfEmpty(0).Max();
        var report = new StringBuilder("# From a purge's 200 to the last acknowledgement\n\n");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            `dotnet run --project bench/Paradarum.Bench -c Release -- propagate`: two shields and four PoPs as processes, PoPs after shields; control plane and clients in one process, on the same
            machine. Each rate is held for {duration.TotalSeconds:0} s.

            {BenchReport.Machine()}

            At 100 purges/s ({acknowledged.Times.Length} of them): **p50 {acknowledged.At(50) / 1000:0.00} ms, p99 {acknowledged.At(99)
                / 1000:0.00} ms**, p99.9 {acknowledged.At(99.9) / 1000:0.00} ms, longest {acknowledged.At(100) / 1000:0.00} ms.

            Highest rate with every node less than a second behind: **{held:0} purges/s**. Where fewer were accepted than asked for, {PropagateBed.Connections} clients could not be answered faster.

            | asked for /s | accepted /s | largest lag s | p99 of the 200 ms | held |
            | --- | --- | --- | --- | --- |
            """
        );
        foreach (var rate in rates)
            report.AppendLine(Row(rate));
        return report.ToString();
    }

    private static string Row(RateFigures rate) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {rate.Asked} | {rate.Reached:0} | {rate.LargestLag.TotalSeconds:0.000} | {rate.AcceptedAt99 / 1000:0.0} | {(rate.Held ? "yes" : "no")} |"
        );
}

/// <summary>One rate.</summary>
/// <param name="Asked">Purges a second that clients tried to send.</param>
/// <param name="Reached">Accepted a second.</param>
/// <param name="LargestLag">Of any node, at any moment.</param>
/// <param name="AcceptedAt99">99th percentile from sending to the 200, microseconds.</param>
internal sealed record RateFigures(int Asked, double Reached, TimeSpan LargestLag, double AcceptedAt99)
{
    /// <summary>Nobody was a second behind.</summary>
    public bool Held => LargestLag < TimeSpan.FromSeconds(1);

    /// <summary>Accepted as fast as asked for, within 5 %; a higher rate shows nothing more when not.</summary>
    public bool IsReached => Reached >= 0.95 * Asked;
}
