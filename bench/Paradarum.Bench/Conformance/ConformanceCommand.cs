using System.CommandLine;
using System.Globalization;
using System.Text;
using Paradarum.Bench.Load;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Conformance;

namespace Paradarum.Bench.Conformance;

/// <summary><c>conformance</c>: the public HTTP cache tests against a PoP and against other caches, in one run.</summary>
internal static class ConformanceCommand
{
    private const string Host = "tests.cdn.localhost";

    public static Command Create()
    {
        var result = BenchReport.Out();
        var command = new Command(
            "conformance",
            """
            Run the public HTTP cache tests (npm http-cache-tests) against a PoP, nginx, Varnish, Traffic Server and Squid.

            One after another, each in front of an origin of its own. Needs node, npm and Debian's nginx, varnish, trafficserver and squid.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- conformance --out bench/results/conformance.md
            """
        )
        {
            result,
        };
        command.SetAction(async (parsed, stop) => await BenchReport.KeepAsync(await RunAsync(), parsed.GetValue(result), stop));
        return command;
    }

    private static async Task<string> RunAsync()
    {
        var columns = new List<Column> { await PopAsync("Paradarum", shields: 0), await PopAsync("behind a shield", shields: 1) };
        foreach (var kind in PeerKind.All)
            columns.Add(await PeerAsync(kind));
        return Page(columns);
    }

    private static async Task<Column> PopAsync(string name, int shields)
    {
        await using var suite = await PublicCacheTests.StartAsync();
        await using var fleet = await TestFleet.StartAsync(shields, pops: 1);
        await fleet.Control.AddPropertyAsync("tests", accountId: null, new Origin("http", "127.0.0.1", suite.OriginPort, "", true));
        using var visitor = fleet.Pops[0].NewVisitor("tests");
        await Eventually.Async(async () => (await visitor.GetAsync("/")).Cache.Length > 0);
        return new(name, null, await PublicCacheTests.RunAsync(Host, fleet.Pops[0].Node.Url.Port));
    }

    private static async Task<Column> PeerAsync(PeerKind kind)
    {
        await using var suite = await PublicCacheTests.StartAsync();
        await using var peer = await PeerCache.StartAsync(kind, suite.OriginPort);
        var results = await PublicCacheTests.RunAsync(Host, peer.Port);
        // Whatever a cache thinks of caching, it passes some: else it is set up wrong here, and its column would say nothing.
        if (!results.Any(result => result.Passed))
            throw new InvalidOperationException($"{kind.Name} answered no test as it should: {results[0].Detail}");
        return new(kind.Name, $"{kind.Name} {peer.Version}: {kind.Advice}.", results);
    }

    private static string Page(List<Column> columns)
    {
        var page = new StringBuilder();
        page.AppendLine("# The public HTTP cache tests");
        page.AppendLine();
        page.AppendLine(
            """
            `dotnet run --project bench/Paradarum.Bench -c Release -- conformance`: npm `http-cache-tests` 0.4.5 against a PoP that asks the origin itself, a PoP behind a
            shield, and other caches as Debian packages them, each in front of the suite's own origin, one after another in one run. Passed of all, as the suite judges it: a test
            that stands on one that did not pass does not count as passed. `check` tests only ask how a cache behaves: there is no right answer.
            """
        );
        page.AppendLine();
        page.AppendLine(BenchReport.Machine());
        foreach (var column in columns.Where(column => column.Setup is not null))
            page.AppendLine(CultureInfo.InvariantCulture, $"- {column.Setup}");
        foreach (var kind in new[] { "required", "optimal", "check" })
        {
            page.AppendLine();
            page.AppendLine(CultureInfo.InvariantCulture, $"| {kind} | {string.Join(" | ", columns.Select(column => column.Name))} |");
            page.AppendLine(CultureInfo.InvariantCulture, $"| --- |{string.Concat(columns.Select(_ => " --- |"))}");
            foreach (
                var suite in columns[0]
                    .Results.Where(result => result.Kind == kind)
                    .Select(result => result.Suite)
                    .Distinct(StringComparer.Ordinal)
            )
                Row(page, suite, columns, result => result.Kind == kind && result.Suite == suite);
            Row(page, "**all**", columns, result => result.Kind == kind);
        }
        page.AppendLine();
        page.AppendLine("What a PoP does not pass, and why: `tests/Paradarum.System.Tests/Conformance/exceptions.txt`.");
        return page.ToString();
    }

    private static void Row(StringBuilder page, string name, List<Column> columns, Func<CacheTestResult, bool> counts)
    {
        page.Append(CultureInfo.InvariantCulture, $"| {name} |");
        foreach (var column in columns)
        {
            var counted = column.Results.Where(counts).ToList();
            page.Append(CultureInfo.InvariantCulture, $" {counted.Count(result => result.Passed)} of {counted.Count} |");
        }
        page.AppendLine();
    }

    private sealed record Column(string Name, string? Setup, IReadOnlyList<CacheTestResult> Results);
}
