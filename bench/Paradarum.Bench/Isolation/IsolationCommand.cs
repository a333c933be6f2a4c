using System.CommandLine;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.Isolation;

/// <summary><c>isolation</c>: what hostile purges of one property do to hits of another on the same PoP (G7).</summary>
internal static class IsolationCommand
{
    public static Command Create()
    {
        var seconds = BenchReport.Number("--seconds", "How long each phase is measured, in seconds.", 10, 600);
        var connections = BenchReport.Number(
            "--connections",
            "Keep-alive connections that visit the other property, each asking again as soon as it is answered.",
            4,
            256
        );
        var urls = BenchReport.Number("--urls", "URLs of 2 000 characters of the purged property that are kept stored.", 300, 20_000);
        var pages = BenchReport.Number("--pages", "Pages of 1 KB of the other property.", 1_000, 100_000);
        var batches = BenchReport.Number("--batches", "Batches of 200 items sent per second.", 5, 100);
        var result = BenchReport.Out();
        var command = new Command(
            "isolation",
            """
            Measure hits of one property before and during hostile purges of another, on one PoP behind one shield.

            Five phases, each with the same visitors: nothing purged; harmless patterns; everything, by no pattern; hostile patterns; nothing again.
            Visitors, origin, control plane, shield and PoP share this machine: the second phase shows what accepting and shipping purges costs
            by itself, the third what it costs to fetch the purged pages again.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- isolation --seconds 10 --out bench/results/isolation.md
            """
        )
        {
            seconds,
            connections,
            urls,
            pages,
            batches,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var plan = new IsolationPlan(
                    TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                    parsed.GetValue(connections),
                    parsed.GetValue(urls),
                    parsed.GetValue(pages),
                    parsed.GetValue(batches)
                );
                return await BenchReport.KeepAsync(await IsolationBench.RunAsync(plan, stop), parsed.GetValue(result), stop);
            }
        );
        return command;
    }
}

/// <summary>What is measured.</summary>
/// <param name="Phase">Length of one phase.</param>
/// <param name="Connections">Of visitors of the other property.</param>
/// <param name="Urls">Of the purged property.</param>
/// <param name="Pages">Of the other property.</param>
/// <param name="BatchesPerSecond">Each of 200 patterns.</param>
internal sealed record IsolationPlan(TimeSpan Phase, int Connections, int Urls, int Pages, int BatchesPerSecond);
