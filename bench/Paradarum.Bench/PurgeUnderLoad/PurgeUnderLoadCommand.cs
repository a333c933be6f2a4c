using System.CommandLine;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.PurgeUnderLoad;

/// <summary><c>purge-under-load</c>: what purges that match nothing cost the hits of the same property, and how soon purges take effect.</summary>
internal static class PurgeUnderLoadCommand
{
    public static Command Create()
    {
        var seconds = BenchReport.Number("--seconds", "How long each turn is measured, in seconds.", 5, 60);
        var turns = BenchReport.Number("--turns", "Turns of each; the median counts.", 3, 20);
        var objects = BenchReport.Number("--objects", "Objects in the store when single purges are timed.", 1_000_000, 10_000_000);
        var result = BenchReport.Out();
        var command = new Command(
            "purge-under-load",
            """
            Measure hits while the same property is purged by rules that match nothing: 1 000 patterns a second, 10 000 literals a second, 1 000 patterns a second without any
            literal; bursts of 100 000 literals and 10 000 patterns on 100 000 objects; and the effect of single purges on a large store. Varnish runs beside it with bans.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- purge-under-load --out bench/results/purge-under-load.md
            """
        )
        {
            seconds,
            turns,
            objects,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var bench = new PurgeUnderLoadBench(parsed.GetValue(seconds), parsed.GetValue(turns), parsed.GetValue(objects));
                return await BenchReport.KeepAsync(await bench.RunAsync(stop), parsed.GetValue(result), stop);
            }
        );
        return command;
    }
}
