using System.Globalization;
using System.Net.Security;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>Runs the three caches through the same phases, one after the other in every turn, so that what else the machine does meets all of them.</summary>
internal sealed class HitsBench(HitsPlan plan, StaticOrigin origin, IReadOnlyList<CacheServer> servers, TlsFiles tls)
{
    private const int Connections = 32;

    private readonly StringBuilder _report = new();

    public static async Task<string> RunAsync(HitsPlan plan, CancellationToken stop)
    {
        await using var origin = await StaticOrigin.StartAsync();
        using var tls = new TlsFiles();
        await using var ours = await ParadarumServer.StartAsync(origin, tls);
        await using var nginx = await NginxPeer.StartAsync(origin, tls);
        await using var varnish = await VarnishPeer.StartAsync(origin, tls);
        var bench = new HitsBench(plan, origin, [ours, nginx, varnish], tls);
        return await bench.RunAsync(stop);
    }

    private async Task<string> RunAsync(CancellationToken stop)
    {
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            # Hits beside nginx and Varnish

            `dotnet run --project bench/Paradarum.Bench -c Release -- hits`: one PoP as a process, nginx with `proxy_cache` and Varnish with `malloc` on the same machine in the same run; {Connections} kept connections, wrk in a
            closed loop, each warmed for {plan.Warm} s, {plan.Seconds} s a turn, the three in turns, {plan.Turns} turns, medians. Processor time is user and system of the server's own processes. Every figure is of hits alone: the origin was asked nothing meanwhile.

            {BenchReport.Machine()}

            | measure | paradarum | nginx | varnish | of nginx | of varnish |
            | --- | --- | --- | --- | --- | --- |
            """
        );
        if (plan.Plain)
            await PlainAsync(stop);
        if (plan.Tls)
        {
            await HitsAsync("1 KB, 10 000 URLs, HTTP/2 over TLS", "/1k/", 10_000, stop, overTls: true);
            await HitsAsync("100 KB, 1 000 URLs, HTTP/2 over TLS", "/100k/", 1_000, stop, overTls: true);
        }
        if (plan.Misses)
            await MissesAsync(stop);
        if (plan.GrowTo > 0)
            _report.Append(await Growth.MeasureAsync(plan, Connections, stop));
        _report.AppendLine();
        _report.AppendLine(
            "Of nginx and of Varnish are ratios of the row: below 1 is better for processor time and latency, above 1 for rates."
        );
        if (plan.Tls)
            _report.AppendLine(
                CultureInfo.InvariantCulture,
                $"HTTP/2 over TLS: h2load with {Connections} connections of {H2Load.Streams} streams; all three agreed on h2 and TLS 1.3, else the run ends, with one ECDSA certificate. Varnish has no TLS: hitch, with a worker for each processor, ends it in front, and its time counts too."
            );
        return _report.ToString();
    }

    private async Task PlainAsync(CancellationToken stop)
    {
        var small = await HitsAsync("1 KB, 10 000 URLs", "/1k/", 10_000, stop);
        if (plan.Large)
        {
            await HitsAsync("100 KB, 10 000 URLs", "/100k/", 10_000, stop);
            await HitsAsync("10 MB, 20 URLs", "/10m/", 20, stop);
        }
        if (plan.Latency)
            await LatencyAsync(small.Min(figures => figures.PerSecond) / 2, stop);
    }

    private async Task<IReadOnlyList<WrkFigures>> HitsAsync(
        string what,
        string prefix,
        int urls,
        CancellationToken stop,
        bool overTls = false
    )
    {
        Func<CacheServer, int, string, int, TimeSpan, Task<WrkFigures>> load = overTls ? H2Load.RunAsync : WrkLoad.RunAsync;
        foreach (var server in servers)
        {
            await FillAsync(server, prefix, urls, overTls, stop);
            await load(server, Connections, prefix, urls, TimeSpan.FromSeconds(plan.Warm));
        }
        var turns = servers.Select(_ => new List<WrkFigures>()).ToList();
        for (var turn = 0; turn < plan.Turns; turn++)
        {
            for (var s = 0; s < servers.Count; s++)
            {
                stop.ThrowIfCancellationRequested();
                turns[s]
                    .Add(
                        await HitsAloneAsync(
                            $"{servers[s].Name}, {what}",
                            () => load(servers[s], Connections, prefix, urls, TimeSpan.FromSeconds(plan.Seconds))
                        )
                    );
                await Console.Error.WriteLineAsync(
                    $"{servers[s].Name}, {what}: {turns[s][^1].Cost:0.0} µs, {turns[s][^1].PerSecond:0} hits/s"
                );
            }
        }
        var medians = turns.Select(figures => figures.OrderBy(figure => figure.Cost).ElementAt(figures.Count / 2)).ToList();
        Row($"processor time of a hit, {what}, µs", [.. medians.Select(figure => figure.Cost)]);
        Row($"hits/s, {what}, load on the same processors", [.. medians.Select(figure => figure.PerSecond)]);
        return medians;
    }

    private async Task LatencyAsync(double rate, CancellationToken stop)
    {
        var p99 = servers.Select(_ => new List<double>()).ToList();
        for (var turn = 0; turn < plan.Turns; turn++)
        {
            for (var s = 0; s < servers.Count; s++)
            {
                stop.ThrowIfCancellationRequested();
                var load = Paced(servers[s]);
                var figures = await HitsAloneAsync(
                    servers[s].Name,
                    () => load.MeasureAsync(Connections, TimeSpan.FromSeconds(plan.Seconds), rate)
                );
                p99[s].Add(figures.At(99));
                await Console.Error.WriteLineAsync(
                    $"{servers[s].Name} at {rate:0}/s: {figures.PerSecond:0}/s, p50 {figures.At(50):0} µs, p99 {figures.At(99):0} µs"
                );
            }
        }
        Row(
            string.Create(CultureInfo.InvariantCulture, $"99th percentile of a hit at {rate:0}/s (half the slowest's highest), 1 KB, µs"),
            [.. p99.Select(times => times.Order().ElementAt(times.Count / 2))]
        );
    }

    private async Task MissesAsync(CancellationToken stop)
    {
        var runs = servers.Select(_ => new List<WrkFigures>()).ToList();
        // The first turn warms and does not count.
        for (var turn = 0; turn <= plan.Turns; turn++)
        {
            for (var s = 0; s < servers.Count; s++)
            {
                stop.ThrowIfCancellationRequested();
                var before = await origin.AskedAsync();
                var figures = await WrkLoad.RunAsync(
                    servers[s],
                    Connections,
                    $"/1k/miss-{turn}/",
                    10_000_019,
                    TimeSpan.FromSeconds(plan.Seconds)
                );
                if (await origin.AskedAsync() - before < figures.Requests || figures.Bad > 0)
                    throw new InvalidOperationException(
                        $"{servers[s].Name}: what should be misses were not, or {figures.Bad} answers were bad."
                    );
                if (turn > 0)
                    runs[s].Add(figures);
                await Console.Error.WriteLineAsync($"{servers[s].Name}: {figures.PerSecond:0} misses/s, {figures.Cost:0.0} µs");
            }
        }
        var medians = runs.Select(figures => figures.OrderBy(figure => figure.PerSecond).ElementAt(figures.Count / 2)).ToList();
        Row("misses/s through an empty cache, 1 KB", [.. medians.Select(figure => figure.PerSecond)]);
        Row("processor time of a miss, µs", [.. medians.Select(figure => figure.Cost)]);
    }

    /// <summary>Refuses figures that were not of hits: the origin is asked nothing while they are made, and no answer is bad.</summary>
    private async Task<T> HitsAloneAsync<T>(string what, Func<Task<T>> measure)
    {
        var before = await origin.AskedAsync();
        var figures = await measure();
        var asked = await origin.AskedAsync() - before - 1;
        var (bad, said) = figures is WrkFigures wrk ? (wrk.Bad, wrk.Said) : (((LoadFigures)(object)figures!).Others, "");
        return asked == 0 && bad == 0
            ? figures
            : throw new InvalidOperationException($"{what}: the origin was asked {asked} times and {bad} answers were no hits. {said}");
    }

    private async Task FillAsync(CacheServer server, string prefix, int urls, bool overTls, CancellationToken stop)
    {
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    CertificateChainPolicy = TlsVisitor.Policy(tls.Authority.RootCertificate),
                },
            }
        )
        {
            BaseAddress = new Uri(overTls ? $"https://127.0.0.1:{server.TlsPort}" : $"http://127.0.0.1:{server.Port}"),
        };
        client.DefaultRequestHeaders.Host = server.Host;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, urls),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = stop },
            async (n, cancelled) =>
            {
                using var answer = await client.GetAsync(
                    new Uri($"{prefix}{n}", UriKind.Relative),
                    HttpCompletionOption.ResponseHeadersRead,
                    cancelled
                );
                answer.EnsureSuccessStatusCode();
                await answer.Content.CopyToAsync(Stream.Null, cancelled);
            }
        );
    }

    private static PacedLoad Paced(CacheServer server)
    {
        byte[][] requests =
        [
            .. Enumerable.Range(0, 10_000).Select(n => Encoding.ASCII.GetBytes($"GET /1k/{n} HTTP/1.1\r\nHost: {server.Host}\r\n\r\n")),
        ];
        return new PacedLoad(
            server.Port,
            (connection, n) => requests[((connection * 313) + n) % requests.Length],
            head => head.IndexOf("X-Cache: HIT"u8) >= 0
        );
    }

    private void Row(string measure, IReadOnlyList<double> values) =>
        _report.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {measure} | {Figure(values[0])} | {Figure(values[1])} | {Figure(values[2])} | {values[0] / values[1]:0.00} | {values[0] / values[2]:0.00} |"
        );

    private static string Figure(double value) => value.ToString(value < 1000 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
