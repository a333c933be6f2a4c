using System.CommandLine;

namespace Paradarum.Bench.Load;

/// <summary>The options of a benchmark in which things take turns under the same closed loop of clients.</summary>
internal sealed class TurnOptions(string warmedUp, int warmSeconds)
{
    private readonly Option<int> _seconds = BenchReport.Number("--seconds", "How long each turn is measured, in seconds.", 6, 600);

    private readonly Option<int> _connections = BenchReport.Number(
        "--connections",
        "Keep-alive connections, each sending again as soon as it is answered.",
        64,
        1024
    );

    private readonly Option<int> _turns = BenchReport.Number("--turns", "Turns of each, one after the other; the median counts.", 3, 20);

    private readonly Option<int> _warm = BenchReport.Number("--warm", warmedUp, warmSeconds, 600);

    /// <summary>The command, which says what comes of a plan and keeps it where it is told.</summary>
    public Command Command(string name, string description, Func<TurnPlan, CancellationToken, Task<string>> run)
    {
        var result = BenchReport.Out();
        var command = new Command(name, description) { _seconds, _connections, _turns, _warm, result };
        command.SetAction(
            async (parsed, stop) =>
            {
                var plan = new TurnPlan(
                    parsed.GetValue(_connections),
                    TimeSpan.FromSeconds(parsed.GetValue(_seconds)),
                    parsed.GetValue(_turns),
                    TimeSpan.FromSeconds(parsed.GetValue(_warm))
                );
                return await BenchReport.KeepAsync(await run(plan, stop), parsed.GetValue(result), stop);
            }
        );
        return command;
    }
}

/// <param name="Connections">At once.</param>
/// <param name="Turn">How long each is measured.</param>
/// <param name="Turns">Of each.</param>
/// <param name="Warm">How long each is warmed up before the first.</param>
internal sealed record TurnPlan(int Connections, TimeSpan Turn, int Turns, TimeSpan Warm);
