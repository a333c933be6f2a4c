using Paradarum.Protocol.Configuration;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;
using Paradarum.Testing.Conformance;

namespace Paradarum.SystemTests.Conformance;

/// <summary>The public HTTP cache tests (https://cache-tests.fyi), by a PoP that asks the origin itself and by one behind a shield.</summary>
public sealed class The_public_cache_tests
{
    /// <summary>Of the optional ones (issue 4, "Right").</summary>
    private const double LeastOptional = 0.9;

    private static readonly string Exceptions = Path.Combine(
        SourceTree.Root,
        "tests",
        "Paradarum.System.Tests",
        "Conformance",
        "exceptions.txt"
    );

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Pass_but_for_the_listed_exceptions(int shields)
    {
        await using var suite = await PublicCacheTests.StartAsync();
        await using var fleet = await TestFleet.StartAsync(shields, pops: 1);
        await fleet.Control.AddPropertyAsync("tests", accountId: null, new Origin("http", "127.0.0.1", suite.OriginPort, "", true));
        var pop = fleet.Pops[0];
        await Eventually.Async(async () => (await pop.NewVisitor("tests").GetAsync("/")).Cache.Length > 0);

        var results = await PublicCacheTests.RunAsync("tests.cdn.localhost", pop.Node.Url.Port);
        TestReport.Say(Figures(results, shields == 0 ? "a PoP" : "a PoP behind a shield"));

        var exceptions = await ReadExceptionsAsync();
        results.Where(result => exceptions.ContainsKey(result.Id) && result.Passed).ShouldBeEmpty("passes, and is listed as an exception");
        results
            .Where(result => result.Kind != "check" && !result.Passed && !exceptions.ContainsKey(result.Id))
            .ShouldBeEmpty("does not pass, and is no exception");
        exceptions.Keys.Except(results.Select(result => result.Id)).ShouldBeEmpty("is listed, and is no test");
        results.Where(result => result.Suite == "invalidation" && !result.Passed).ShouldBeEmpty();
        Share(results, "optimal").ShouldBeGreaterThanOrEqualTo(LeastOptional);
    }

    [Fact]
    public async Task Every_exception_has_its_reason()
    {
        foreach (var (id, reason) in await ReadExceptionsAsync())
            reason.Length.ShouldBeGreaterThan(20, id);
    }

    private static string Figures(IReadOnlyList<CacheTestResult> results, string who) =>
        $"http-cache-tests by {who}: {Count(results, "required")} required, {Count(results, "optimal")} optional, "
        + $"{Count(results.Where(result => result.Suite == "invalidation"), kind: null)} invalidation; {Count(results, "check")} of the behaviours it only asks about.";

    private static string Count(IEnumerable<CacheTestResult> results, string? kind)
    {
        var counted = results.Where(result => kind is null || result.Kind == kind).ToList();
        return $"{counted.Count(result => result.Passed)} of {counted.Count}";
    }

    private static double Share(IReadOnlyList<CacheTestResult> results, string kind)
    {
        var counted = results.Where(result => result.Kind == kind).ToList();
        return (double)counted.Count(result => result.Passed) / counted.Count;
    }

    /// <summary>Lines of <c>test: reason</c>; <c>#</c> begins a remark.</summary>
    private static async Task<Dictionary<string, string>> ReadExceptionsAsync() =>
        (await File.ReadAllLinesAsync(Exceptions))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
}
