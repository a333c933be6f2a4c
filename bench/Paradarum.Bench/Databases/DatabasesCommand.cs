using System.CommandLine;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Testing.Postgres;

namespace Paradarum.Bench.Databases;

/// <summary><c>databases</c>: durable purges per second on SQLite, on PostgreSQL, and on PostgreSQL with a standby that every commit waits for.</summary>
internal static class DatabasesCommand
{
    private const int Shields = 1;
    private const int Pops = 2;

    public static Command Create()
    {
        var seconds = BenchReport.Number("--seconds", "How long each turn is measured, in seconds.", 6, 600);
        var connections = BenchReport.Number(
            "--connections",
            "Keep-alive connections, each sending again as soon as it is answered.",
            64,
            1024
        );
        var turns = BenchReport.Number("--turns", "Turns of each, one after the other; the median counts.", 3, 20);
        var warm = BenchReport.Number("--warm", "How long each is warmed up before the first turn, in seconds.", 10, 600);
        var result = BenchReport.Out();
        var command = new Command(
            "databases",
            """
            Measure how many purges a second one control plane makes durable and answers, with a shield and two PoPs attached as processes, in turns on SQLite, on a PostgreSQL server of this
            machine, and on one whose commits wait for a standby on the same machine. All of them flush to the same disk.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- databases --out bench/results/databases.md
            """
        )
        {
            seconds,
            connections,
            turns,
            warm,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
                await BenchReport.KeepAsync(
                    await RunAsync(
                        parsed.GetValue(connections),
                        TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                        parsed.GetValue(turns),
                        TimeSpan.FromSeconds(parsed.GetValue(warm)),
                        stop
                    ),
                    parsed.GetValue(result),
                    stop
                )
        );
        return command;
    }

    private static async Task<string> RunAsync(int connections, TimeSpan turn, int turns, TimeSpan warm, CancellationToken stop)
    {
        using var alone = PostgresServer.StartOnDisk();
        using var primary = PostgresServer.StartOnDisk();
        using var standby = PostgresServer.StartStandby(primary, "standby");
        primary.WaitForStandby(true);
        await using var sqlite = await Bed.StartAsync("SQLite", null);
        await using var postgres = await Bed.StartAsync("PostgreSQL", alone.ConnectionString(), alone);
        await using var replicated = await Bed.StartAsync("PostgreSQL, synchronous standby", primary.ConnectionString(), primary, standby);
        Bed[] beds = [sqlite, postgres, replicated];
        foreach (var bed in beds)
            await bed.Load.MeasureAsync(connections, warm);
        for (var n = 0; n < turns; n++)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var bed in beds)
                await bed.TakeTurnAsync(connections, turn);
            await Console.Error.WriteLineAsync(
                $"turn {n + 1} of {turns}: {string.Join(", ", beds.Select(bed => $"{bed.Name} {bed.Turns[^1].Figures.PerSecond:0}/s"))}"
            );
        }
        return Report(connections, turn, turns, beds);
    }

    private static string Report(int connections, TimeSpan turn, int turns, Bed[] beds)
    {
        var report = new StringBuilder("# Durable purges per second, by database\n\n");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            `dotnet run --project bench/Paradarum.Bench -c Release -- databases`: {connections} connections, {turn.TotalSeconds:0} s a turn, {turns} turns, the median counts; each control plane has {Shields} shield and
            {Pops} PoPs as processes. Servers, clients and all processes share the machine and its disk.

            {BenchReport.Machine()}

            | database | purges/s | ratio to SQLite | p50 ms | p99 ms | not 200 | control plane, us a purge | database server, us a purge |
            | --- | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        foreach (var bed in beds)
        {
            var ratios = bed.Turns.Zip(beds[0].Turns, (own, first) => own.Figures.PerSecond / first.Figures.PerSecond).Order().ToList();
            var median = bed.Turns.OrderBy(one => one.Figures.PerSecond).ElementAt(turns / 2).Figures;
            var purges = bed.Turns.Sum(one => (double)one.Figures.Times.Length);
            report.AppendLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {bed.Name} | {median.PerSecond:0} | {ratios[turns / 2]:0.00} | {median.At(50) / 1000:0.0} | {median.At(99) / 1000:0.0} | {bed.Turns.Sum(one => one.Figures.Others)} | {bed.Turns.Sum(one => one.Control.TotalMicroseconds) / purges:0} | {bed.Turns.Sum(one => one.Servers.TotalMicroseconds) / purges:0} |"
                )
            );
        }
        return report.ToString();
    }

    private sealed class Bed(string name, ProcessFleetBed fleet, PostgresServer[] servers) : IAsyncDisposable
    {
        public string Name => name;

        public HttpLoad Load { get; } =
            new(fleet.ApiPort, PurgeBytes.Of(fleet.PropertyId, fleet.ApiKey), head => head.StartsWith("HTTP/1.1 200"u8));

        public List<(LoadFigures Figures, TimeSpan Control, TimeSpan Servers)> Turns { get; } = [];

        public static async Task<Bed> StartAsync(string name, string? database, params PostgresServer[] servers) =>
            new(
                name,
                await ProcessFleetBed.StartAsync(Shields, Pops, control: database is null ? null : ["--database", database]),
                servers
            );

        public async Task TakeTurnAsync(int connections, TimeSpan turn)
        {
            var (control, server) = Times();
            var figures = await Load.MeasureAsync(connections, turn);
            var (controlAfter, serverAfter) = Times();
            Turns.Add((figures, controlAfter - control, serverAfter - server));
        }

        private (TimeSpan Control, TimeSpan Servers) Times() =>
            (
                fleet.ProcessorTimes().Control,
                servers
                    .SelectMany(server => server.Processes())
                    .Aggregate(TimeSpan.Zero, (sum, process) => sum + ProcessFacts.ProcessorTime(process))
            );

        public ValueTask DisposeAsync() => fleet.DisposeAsync();
    }
}
