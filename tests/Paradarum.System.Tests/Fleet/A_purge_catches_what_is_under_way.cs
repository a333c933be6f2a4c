using Microsoft.Extensions.DependencyInjection;
using Paradarum.Edge.Serving;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Fleet;

/// <summary>G2 over two tiers: nothing that was fetched before the purge is served to a request that came after it.</summary>
public sealed class A_purge_catches_what_is_under_way
{
    [Fact]
    public async Task A_fetch_in_flight_reaches_those_who_waited_and_is_kept_by_no_tier()
    {
        await using var fleet = await TestFleet.StartAsync();
        var gate = HoldOldPage(fleet);
        var before = fleet.Pops[0].VisitAsync("/page");
        await gate.Arrived;
        fleet.Serves("new");

        await fleet.PurgeAndWaitAsync("Path", "/page");
        gate.Open();

        (await before).Body.ShouldBe("old");
        foreach (var pop in fleet.Pops)
            (await pop.VisitAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task A_visitor_who_comes_after_it_does_not_wait_with_those_who_came_before()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        var pop = fleet.Pops[0];
        var gate = HoldOldPage(fleet);
        var waiting = new[] { pop.VisitAsync("/page"), pop.VisitAsync("/page") };
        await gate.Arrived;
        var board = pop.Node.Services.GetRequiredService<FlightBoard>();
        await Eventually.Async(() => board.Visitors == waiting.Length, "both wait for the one fetch");
        fleet.Serves("new");

        await fleet.PurgeAndWaitAsync("Regex", "/page", "equals");
        var after = await pop.VisitAsync("/page");
        gate.Open();

        after.Body.ShouldBe("new");
        foreach (var visit in await Task.WhenAll(waiting))
            visit.Body.ShouldBe("old");
        (await pop.VisitAsync("/page")).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("HIT"),
            visit => visit.Body.ShouldBe("new")
        );
    }

    [Fact]
    public async Task A_304_that_arrives_after_it_revives_nothing()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        var pop = fleet.Pops[0];
        const string Stale = "Cache-Control: max-age=0|ETag: \"1\"";
        fleet.Serves("old", Stale);
        await pop.VisitAsync("/page");
        var gate = new Gate();
        fleet.Origin.Script = async exchange =>
        {
            exchange.Request["If-None-Match"].ShouldBe("\"1\"");
            await gate.PassAsync();
            await exchange.NotModifiedAsync("Cache-Control: max-age=60|ETag: \"1\"");
        };
        var before = pop.VisitAsync("/page");
        await gate.Arrived;

        await fleet.PurgeAndWaitAsync("All");
        string? condition = "none was sent";
        fleet.Origin.Script = exchange =>
        {
            condition = exchange.Request["If-None-Match"];
            return exchange.RespondAsync("new");
        };
        gate.Open();

        (await before).Body.ShouldBeOneOf("old", "new");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
        condition.ShouldBeNull("a purged entry is not even used for a conditional request");
    }

    private static Gate HoldOldPage(TestFleet fleet)
    {
        var gate = new Gate();
        fleet.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("old");
        };
        return gate;
    }
}
