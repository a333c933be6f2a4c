using System.CommandLine;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.Hits;

/// <summary><c>hits</c>: a PoP beside nginx and Varnish.</summary>
internal static class HitsCommand
{
    public static Command Create()
    {
        var seconds = BenchReport.Number("--seconds", "How long each turn is measured, in seconds.", 5, 60);
        var turns = BenchReport.Number("--turns", "Turns of each server; the median counts.", 3, 20);
        var warm = BenchReport.Number(
            "--warm",
            "How long each server is asked before its first turn, in seconds: a PoP's code is compiled again while it is hot, as long as that takes.",
            15,
            120
        );
        var only = new Option<string>("--only")
        {
            Description =
                "Measure only: small (1 KB), large (and 100 KB, 10 MB), latency, misses, growth or tls (HTTP/2 over TLS, 1 KB and 100 KB); all without it.",
            HelpName = "PHASE",
        };
        only.AcceptOnlyFromAmong("small", "large", "latency", "misses", "growth", "tls");
        var growTo = BenchReport.Number(
            "--grow-to",
            "Objects up to which the cost of a hit is followed, tenfold from 1000.",
            1_000_000,
            10_000_000
        );
        var result = BenchReport.Out();
        var command = new Command(
            "hits",
            """
            Measure what a hit costs a PoP, nginx (proxy_cache) and Varnish: processor time in a closed loop of 32 connections with 1 KB, 100 KB and 10 MB, the 99th
            percentile at a fixed rate, misses through an empty cache to a fast origin, and hits of HTTP/2 over TLS. nginx, varnish, hitch, wrk and h2load must be installed.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- hits --out bench/results/hits.md
            """
        )
        {
            seconds,
            turns,
            warm,
            only,
            growTo,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var phase = parsed.GetValue(only);
                var plan = new HitsPlan(
                    parsed.GetValue(seconds),
                    parsed.GetValue(turns),
                    parsed.GetValue(warm),
                    phase is null or "large",
                    phase is null or "latency",
                    phase is null or "misses",
                    phase is null or "growth" ? parsed.GetValue(growTo) : 0,
                    phase is null or "tls"
                );
                return await BenchReport.KeepAsync(await HitsBench.RunAsync(plan, stop), parsed.GetValue(result), stop);
            }
        );
        return command;
    }
}

/// <summary>What is measured.</summary>
internal sealed record HitsPlan(int Seconds, int Turns, int Warm, bool Large, bool Latency, bool Misses, int GrowTo, bool Tls)
{
    /// <summary>1 KB without TLS: all but TLS is compared with it.</summary>
    public bool Plain => !Tls || Large || Latency || Misses || GrowTo > 0;
}
