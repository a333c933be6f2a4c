using System.CommandLine;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Testing.Postgres;

namespace Paradarum.Bench.Replicas;

/// <summary><c>replicas</c>: durable purges per second on SQLite and on PostgreSQL, with a standby that every commit waits for, and with one to three control planes.</summary>
internal static class ReplicasCommand
{
    private const int Shields = 1;
    private const int Pops = 2;

    public static Command Create() =>
        new TurnOptions("How long each is warmed up before the first turn, in seconds.", 10).Command(
            "replicas",
            """
            Measure how many purges a second are made durable and answered, with a shield and two PoPs attached as processes, in turns: on SQLite; on a PostgreSQL server of this machine; on one whose
            commits wait for a standby on the same machine; and there with two and three control planes, among which the connections are dealt out. All of them flush to the same disk.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- replicas --out bench/results/replicas.md
            """,
            RunAsync
        );

    private static async Task<string> RunAsync(TurnPlan plan, CancellationToken stop)
    {
        var (connections, turn, turns, warm) = plan;
        using var alone = PostgresServer.StartOnDisk();
        await using var sqlite = await Bed.StartAsync("SQLite", 1);
        await using var postgres = await Bed.StartAsync("PostgreSQL", 1, alone);
        await using var one = await Bed.StartReplicatedAsync(1);
        await using var two = await Bed.StartReplicatedAsync(2);
        await using var three = await Bed.StartReplicatedAsync(3);
        Bed[] beds = [sqlite, postgres, one, two, three];
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
        var report = new StringBuilder("# Durable purges per second, by database and number of control planes\n\n");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            `dotnet run --project bench/Paradarum.Bench -c Release -- replicas`: {connections} connections, {turn.TotalSeconds:0} s a turn, {turns} turns, the median counts; each row has {Shields} shield and
            {Pops} PoPs as processes, and its connections are dealt out to its control planes. Servers, clients and all processes share the machine and its disk.

            {BenchReport.Machine()}

            | database | purges/s | ratio to SQLite | p50 ms | p99 ms | not 200 | control plane that works, us a purge | those that stand by, us a purge | database servers, us a purge | purges a commit | a commit (the counter's row is locked as long), ms |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        foreach (var bed in beds)
        {
            var ratios = bed.Turns.Zip(beds[0].Turns, (own, first) => own.Figures.PerSecond / first.Figures.PerSecond).Order().ToList();
            var median = bed.Turns.OrderBy(one => one.Figures.PerSecond).ElementAt(turns / 2).Figures;
            var purges = bed.Turns.Sum(one => (double)one.Figures.Times.Length);
            var commits = bed.Turns.Aggregate(default(Commits), (sum, one) => sum + one.Commits);
            report.AppendLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {bed.Name} | {median.PerSecond:0} | {ratios[turns / 2]:0.00} | {median.At(50) / 1000:0.0} | {median.At(99) / 1000:0.0} | {bed.Turns.Sum(one => one.Figures.Others)} | {bed.Turns.Sum(one => one.Control.TotalMicroseconds) / purges:0} | {bed.Turns.Sum(one => one.StandBys.TotalMicroseconds) / purges:0} | {bed.Turns.Sum(one => one.Servers.TotalMicroseconds) / purges:0} | {purges / commits.Count:0} | {commits.Seconds * 1000 / commits.Count:0.0} |"
                )
            );
        }
        return report.ToString();
    }

    private sealed class Bed(string name, ProcessFleetBed fleet, PostgresServer[] servers) : IAsyncDisposable
    {
        public string Name => name;

        public HttpLoad Load { get; } =
            new(
                [fleet.ApiPort, .. fleet.StandBys.Select(replica => replica.ApiPort)],
                PurgeBytes.Of(fleet.PropertyId, fleet.ApiKey),
                head => head.StartsWith("HTTP/1.1 200"u8)
            );

        public List<(LoadFigures Figures, TimeSpan Control, TimeSpan StandBys, TimeSpan Servers, Commits Commits)> Turns { get; } = [];

        /// <param name="name">In the report.</param>
        /// <param name="controls">How many control planes.</param>
        /// <param name="servers">Of PostgreSQL, the primary first; none: SQLite.</param>
        public static async Task<Bed> StartAsync(string name, int controls, params PostgresServer[] servers)
        {
            var fleet = await ProcessFleetBed.StartAsync(
                Shields,
                Pops,
                control: servers.Length == 0 ? null : ["--database", servers[0].ConnectionString()]
            );
            await fleet.StartStandBysAsync(controls - 1);
            return new Bed(name, fleet, servers);
        }

        /// <summary>On servers of its own, which end with it.</summary>
        public static async Task<Bed> StartReplicatedAsync(int controls)
        {
            var primary = PostgresServer.StartOnDisk();
            var standby = PostgresServer.StartStandby(primary, "standby");
            primary.WaitForStandby(true);
            var name = "PostgreSQL, synchronous standby" + (controls > 1 ? $", {controls} control planes" : "");
            var bed = await StartAsync(name, controls, primary, standby);
            bed._owned = [primary, standby];
            return bed;
        }

        private PostgresServer[] _owned = [];

        public async Task TakeTurnAsync(int connections, TimeSpan turn)
        {
            var before = await ReadCommitsAsync();
            var (control, standBys, server) = Times();
            var figures = await Load.MeasureAsync(connections, turn);
            var (controlAfter, standBysAfter, serverAfter) = Times();
            Turns.Add((figures, controlAfter - control, standBysAfter - standBys, serverAfter - server, await ReadCommitsAsync() - before));
        }

        /// <summary>Of the control plane that works.</summary>
        private async Task<Commits> ReadCommitsAsync()
        {
            var samples = (await fleet.Api.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n');
            return new Commits(Of("paradarum_log_commits_total"), Of("paradarum_log_commit_time_seconds_total"));

            double Of(string name) =>
                samples
                    .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is ' ' or '{')
                    .Sum(line =>
                        double.Parse(
                            line[(line.IndexOf("} ", StringComparison.Ordinal) is > 0 and var end ? end + 2 : name.Length + 1)..]
                                .Split(' ')[0],
                            CultureInfo.InvariantCulture
                        )
                    );
        }

        private (TimeSpan Control, TimeSpan StandBys, TimeSpan Servers) Times() =>
            (
                fleet.ProcessorTimes().Control,
                Together(fleet.StandBys.Select(replica => replica.Process.Id)),
                Together(servers.SelectMany(server => server.Processes()))
            );

        private static TimeSpan Together(IEnumerable<int> processes) =>
            processes.Aggregate(TimeSpan.Zero, (sum, process) => sum + ProcessFacts.ProcessorTime(process));

        public async ValueTask DisposeAsync()
        {
            await fleet.DisposeAsync();
            foreach (var server in _owned)
                server.Dispose();
        }
    }
}

/// <summary>Commits of the log's writer, and how long they took together.</summary>
internal readonly record struct Commits(double Count, double Seconds)
{
    public static Commits operator +(Commits one, Commits other) => new(one.Count + other.Count, one.Seconds + other.Seconds);

    public static Commits operator -(Commits one, Commits other) => new(one.Count - other.Count, one.Seconds - other.Seconds);
}
