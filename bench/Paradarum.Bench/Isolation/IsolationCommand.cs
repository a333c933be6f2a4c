using System.CommandLine;

namespace Paradarum.Bench.Isolation;

/// <summary><c>isolation</c>: what hostile purges of one property do to hits of another on the same PoP (G7).</summary>
internal static class IsolationCommand
{
    public static Command Create()
    {
        var seconds = Number("--seconds", "How long each phase is measured, in seconds.", 10, 600);
        var connections = Number(
            "--connections",
            "Keep-alive connections that visit the other property, each asking again as soon as it is answered.",
            4,
            256
        );
        var urls = Number("--urls", "URLs of 2 000 characters of the purged property that are kept stored.", 300, 20_000);
        var pages = Number("--pages", "Pages of 1 KB of the other property.", 1_000, 100_000);
        var batches = Number("--batches", "Batches of 200 items sent per second.", 5, 100);
        var result = new Option<string?>("--out") { Description = "Also write the figures to this file, as Markdown.", HelpName = "FILE" };
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
                var report = await IsolationBench.RunAsync(plan, stop);
                Console.Write(report);
                if (parsed.GetValue(result) is { } file)
                {
                    if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
                        Directory.CreateDirectory(folder);
                    await File.WriteAllTextAsync(file, report, stop);
                }
                return 0;
            }
        );
        return command;
    }

    private static Option<int> Number(string name, string description, int byDefault, int most)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description} 1 to {most}.",
            HelpName = "N",
            DefaultValueFactory = _ => byDefault,
        };
        option.Validators.Add(found =>
        {
            if (found.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var value) && value >= 1 && value <= most))
                found.AddError($"{name}: give a number from 1 to {most}.");
        });
        return option;
    }
}

/// <summary>What is measured.</summary>
/// <param name="Phase">Length of one phase.</param>
/// <param name="Connections">Of visitors of the other property.</param>
/// <param name="Urls">Of the purged property.</param>
/// <param name="Pages">Of the other property.</param>
/// <param name="BatchesPerSecond">Each of 200 patterns.</param>
internal sealed record IsolationPlan(TimeSpan Phase, int Connections, int Urls, int Pages, int BatchesPerSecond);
