using System.Globalization;
using System.Text;
using Paradarum.Bench.Hits;
using Paradarum.Bench.Load;
using Paradarum.Bench.NodeBed;

namespace Paradarum.Bench.PurgeUnderLoad;

/// <summary>Runs the phases and writes the report. A turn with purges stands between two without, so that what the machine does meanwhile meets both.</summary>
internal sealed class PurgeUnderLoadBench(int seconds, int turns, int objects)
{
    private const int Connections = 32;
    private const int Hot = 10_000;
    private const int Burst = 100_000;

    /// <summary>Code is compiled again while it is hot; what a purge runs through, too.</summary>
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(15);

    private readonly StringBuilder _report = new();

    public async Task<string> RunAsync(CancellationToken stop)
    {
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            # Hits while the same property is purged, and how soon purges take effect

            `dotnet run --project bench/Paradarum.Bench -c Release -- purge-under-load`: a node with the real parts of a PoP; records are handed to it in its process as its link hands them over, visitors
            come over sockets. {Connections} connections ask for {Hot} objects of 1 KB in a closed loop, {seconds} s a turn, {turns} turns, medians, after {Warm.TotalSeconds:0} s of the same that do not count. The purges are distinct and match nothing that is stored; every answer was a
            hit (the origin answers nobody, so anything else is an error). Load, purges and node share the processors. The same for Varnish with lurker-friendly bans, sent over HTTP.

            {BenchReport.Machine()}

            | purges of the same property | hits/s without | with | ratio | processor time of a hit without, µs | with, purges and all | ratio | purges/s applied | widened |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            """
        );
        await using (var node = await NodeBedClient.StartAsync())
        {
            await node.AskAsync($"store {Hot}");
            await WrkLoad.RunAsync(node.Server, Connections, "/1k/", Hot, Warm);
            await WarmAsync(node, "regex", 1000);
            await SteadyAsync(node, "1 000 patterns/s with a required literal", "regex", 1000, stop);
            await WarmAsync(node, "literal", 10_000);
            await SteadyAsync(node, "10 000 literals/s", "literal", 10_000, stop);
            // Last, and not warmed: where it is widened, nothing is stored any more.
            await SteadyAsync(node, "1 000 patterns/s without any literal", "bare", 1000, stop);
        }
        await VarnishAsync(stop);
        await BurstsAsync();
        await EffectsAsync(stop);
        return _report.ToString();
    }

    private static async Task WarmAsync(NodeBedClient node, string kind, int perSecond)
    {
        var purging = node.AskAsync($"purges {kind} {perSecond} {Warm.TotalSeconds:0}");
        await WrkLoad.RunAsync(node.Server, Connections, "/1k/", Hot, Warm);
        await purging;
    }

    private async Task SteadyAsync(NodeBedClient node, string what, string kind, int perSecond, CancellationToken stop)
    {
        var runs = new List<(WrkFigures Without, WrkFigures With, double Applied)>();
        for (var turn = 0; turn < turns; turn++)
        {
            stop.ThrowIfCancellationRequested();
            var before = await HitsAsync(node);
            var purging = node.AskAsync($"purges {kind} {perSecond} {seconds}");
            var with = await WrkLoad.RunAsync(node.Server, Connections, "/1k/", Hot, TimeSpan.FromSeconds(seconds));
            var purged = await purging;
            // Patterns that cost more than a property may take become an All, and say so: then these figures are of misses, and are no ratio.
            if (purged[1] > 0)
            {
                Widened(what, before, with, purged[0] / seconds);
                return;
            }
            if (with.Bad > 0)
                throw new InvalidOperationException($"{what}: {with.Bad} answers were no hits although nothing was widened.");
            var after = await HitsAsync(node);
            runs.Add((before + after, with, purged[0] / seconds));
            await Console.Error.WriteLineAsync(
                $"{what}: {with.PerSecond:0} of {runs[^1].Without.PerSecond:0} hits/s, {with.Cost:0.0} for {runs[^1].Without.Cost:0.0} µs, {purged[0]:0} purges"
            );
        }
        var median = runs.OrderBy(run => run.With.PerSecond / run.Without.PerSecond).ElementAt(turns / 2);
        Row(what, median.Without, median.With, median.Applied, "no");
    }

    private async Task VarnishAsync(CancellationToken stop)
    {
        await using var origin = await StaticOrigin.StartAsync();
        await using var varnish = await VarnishPeer.StartAsync(origin);
        await RunAsync(varnish);
        await RunAsync(varnish);
        var n = 0;
        var bans = new HttpLoad(
            [varnish.Port],
            (_, _) =>
                Encoding.ASCII.GetBytes(
                    $"BAN / HTTP/1.1\r\nHost: {varnish.Host}\r\nX-Ban: ^/never/{Interlocked.Increment(ref n)}/[0-9]+[.]html$\r\n\r\n"
                ),
            head => head.StartsWith("HTTP/1.1 200"u8)
        );
        var runs = new List<(WrkFigures Without, WrkFigures With, double Applied)>();
        // Without: before its first ban. It works on them for minutes after the last one.
        var before = await RunAsync(varnish);
        for (var turn = 0; turn < turns; turn++)
        {
            stop.ThrowIfCancellationRequested();
            var purging = bans.MeasureAsync(4, TimeSpan.FromSeconds(seconds), 1000);
            var with = await RunAsync(varnish);
            runs.Add((before, with, (await purging).PerSecond));
            await Console.Error.WriteLineAsync($"varnish: {with.PerSecond:0} of {before.PerSecond:0} hits/s");
        }
        var median = runs.OrderBy(run => run.With.PerSecond / run.Without.PerSecond).ElementAt(turns / 2);
        Row("Varnish: 1 000 bans/s, the same patterns", median.Without, median.With, median.Applied, "");
    }

    private async Task BurstsAsync()
    {
        await using var node = await NodeBedClient.StartAsync();
        await node.AskAsync($"store {Burst}");
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"\n| burst on {Burst} objects | all in force, s | none pending, s | processors used in the second after | widened |\n| --- | --- | --- | --- | --- |"
        );
        foreach (var (what, kind, count) in new[] { ("100 000 literals", "literal", 100_000), ("10 000 patterns", "regex", 10_000) })
        {
            var burst = await node.AskAsync($"burst {kind} {count}");
            await Console.Error.WriteLineAsync($"{what}: none pending after {burst[1]:0.00} s");
            _report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {what} | {burst[0]:0.00} | {burst[1]:0.00} | {burst[2]:0.00} | {(burst[3] > 0 ? "yes" : "no")} |"
            );
        }
    }

    private async Task EffectsAsync(CancellationToken stop)
    {
        await using var node = await NodeBedClient.StartAsync();
        var beyond = (await node.AskAsync($"store {objects}"))[0];
        await HitsAsync(node);
        await node.AskAsync("pauses");
        await HitsAsync(node);
        var pauses = await node.AskAsync("pauses");
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"\n| one purge on {objects} objects, the first of its kind | in force, ms | swept, ms |\n| --- | --- | --- |"
        );
        foreach (var (type, value) in new[] { ("Path", "/1k/77"), ("Extension", "jpg"), ("Regex", "^/1k/123[0-9]$"), ("All", "-") })
        {
            // A sweeper that has just worked rests for up to a second first, which is not what a sweep takes.
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, stop);
            var one = await node.AskAsync($"one {type} {value}");
            await Console.Error.WriteLineAsync($"{type}: in force after {one[0]:0.000} ms, swept after {one[1]:0} ms");
            _report.AppendLine(CultureInfo.InvariantCulture, $"| {type} | {one[0]:0.000} | {one[1]:0} |");
        }
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"\nMemory beyond the bodies with {objects} objects of 1 KB: {beyond:0} bytes each. Collector's pauses under load with them: {pauses[0]:0}, 99th percentile {pauses[1]:0.0} ms, longest {pauses[2]:0.0} ms."
        );
    }

    private async Task<WrkFigures> HitsAsync(NodeBedClient node) => await RunAsync(node.Server);

    private async Task<WrkFigures> RunAsync(CacheServer server)
    {
        var figures = await WrkLoad.RunAsync(server, Connections, "/1k/", Hot, TimeSpan.FromSeconds(seconds));
        return figures.Bad == 0 ? figures : throw new InvalidOperationException($"{server.Name}: {figures.Bad} answers were no hits.");
    }

    private void Widened(string what, WrkFigures without, WrkFigures with, double applied) =>
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {what} | {without.PerSecond:0} | {with.Bad} answers were no hits | - | {without.Cost:0.0} | - | - | {applied:0} | yes |"
        );

    private void Row(string what, WrkFigures without, WrkFigures with, double applied, string widened) =>
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {what} | {without.PerSecond:0} | {with.PerSecond:0} | {with.PerSecond / without.PerSecond:0.00} | {without.Cost:0.0} | {with.Cost:0.0} | {with.Cost / without.Cost:0.00} | {applied:0} | {widened} |"
        );
}
