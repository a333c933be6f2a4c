using System.Text.Json.Nodes;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Fleet;

public sealed class A_purge_clears_a_whole_fleet
{
    [Theory]
    [InlineData("All", null, null)]
    [InlineData("Extension", "html", null)]
    [InlineData("Path", "/a/page.html", null)]
    [InlineData("Path", "/a/page.html?v=1", null)]
    [InlineData("Regex", "/a/page.html", "equals")]
    [InlineData("Regex", "/page", "contains")]
    [InlineData("Regex", "/a/", "starts_with")]
    [InlineData("Regex", "v=1", "ends_with")]
    [InlineData("Regex", "^/a/.*[?]v=[0-9]$", "regex")]
    public async Task After_it_every_PoP_serves_new_bytes_and_what_it_does_not_match_stays(string type, string? value, string? matchType)
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Serves("old");
        foreach (var pop in fleet.Pops)
        {
            await pop.VisitAsync("/a/page.html?v=1");
            await pop.VisitAsync("/other.css");
            (await pop.VisitAsync("/a/page.html?v=1")).Cache.ShouldBe("HIT");
        }
        fleet.Origin.CountOf("/a/page.html?v=1").ShouldBe(1, "the second PoP is answered by the shield");
        fleet.Serves("new");

        var receipt = await fleet.PurgeAndWaitAsync(type, value, matchType);
        receipt["jobsDone"]!.GetValue<int>().ShouldBe(6);
        receipt["fencedNodes"]!.GetValue<int>().ShouldBe(0);

        foreach (var pop in fleet.Pops)
        {
            var visit = await pop.VisitAsync("/a/page.html?v=1");
            (visit.Cache, visit.Body).ShouldBe(("MISS", "new"));
            (await pop.VisitAsync("/a/page.html?v=1")).Cache.ShouldBe("HIT");
            (await pop.VisitAsync("/other.css")).Body.ShouldBe(type == "All" ? "new" : "old");
        }
        fleet.Origin.CountOf("/a/page.html?v=1").ShouldBe(2);
    }

    [Fact]
    public async Task The_receipt_counts_what_was_removed_on_each_node()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Serves("old");
        await fleet.Pops[0].VisitAsync("/a");
        await fleet.Pops[0].VisitAsync("/b");

        var location = await fleet.PurgeAsync("Regex", "/", "starts_with");
        await fleet.ReceiptAsync(location, "30s");
        await Eventually.Async(async () => (await fleet.ReceiptAsync(location))["countsFinal"]!.GetValue<bool>());

        var receipt = await fleet.ReceiptAsync(location);
        Objects(fleet.Shields[0]).ShouldBe(2);
        Objects(fleet.Pops[0]).ShouldBe(2);
        Objects(fleet.Pops[1]).ShouldBe(0);
        receipt["matched"]!.GetValue<long>().ShouldBe(4);
        receipt["completedAt"]!.GetValue<DateTimeOffset>().ShouldBeGreaterThanOrEqualTo(receipt["acceptedAt"]!.GetValue<DateTimeOffset>());

        long Objects(TestEdge edge) => Line(edge)["objects"]!.GetValue<long>();
        JsonNode Line(TestEdge edge) => receipt["perNode"]!.AsArray().Single(node => node!["id"]!.GetValue<string>() == edge.Id)!;
    }

    [Fact]
    public async Task A_foreign_property_is_untouched()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        fleet.Serves("old");
        await fleet.Control.AddPropertyAsync(
            "foreign",
            null,
            new Protocol.Configuration.Origin("http", "127.0.0.1", fleet.Origin.Port, "", true)
        );
        using var foreigner = new Visitor(fleet.Pops[0].Node.Url.ToString(), "foreign.cdn.localhost");
        await Eventually.Async(async () => (await foreigner.GetAsync("/page")).Cache == "HIT");
        await fleet.Pops[0].VisitAsync("/page");
        fleet.Serves("new");

        await fleet.PurgeAndWaitAsync("All");
        await fleet.PurgeAndWaitAsync("Regex", ".", "regex");

        (await fleet.Pops[0].VisitAsync("/page")).Body.ShouldBe("new");
        var visit = await foreigner.GetAsync("/page");
        (visit.Cache, visit.Body).ShouldBe(("HIT", "old"));
    }

    [Fact]
    public async Task A_Path_with_a_query_takes_the_entry_that_a_request_for_it_would_be_answered_from()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        await fleet.Control.Changes.SetQueryModeAsync(
            ControlHost.Somebody,
            fleet.Property.Id,
            new QueryMode(QueryModeKind.Except, ["id"]),
            CancellationToken.None
        );
        await fleet.PurgeAndWaitAsync("All"); // and with it the mode has reached every node
        fleet.Serves("old");
        var pop = fleet.Pops[0];
        await pop.VisitAsync("/list?id=1&utm=x");
        await pop.VisitAsync("/list?id=2");
        (await pop.VisitAsync("/list?utm=y&id=1")).Cache.ShouldBe("HIT");
        fleet.Serves("new");

        await fleet.PurgeAndWaitAsync("Path", "/list?utm=z&id=1");

        (await pop.VisitAsync("/list?id=1")).Body.ShouldBe("new");
        (await pop.VisitAsync("/list?id=2")).Body.ShouldBe("old");
    }

    [Fact]
    public async Task Every_variant_goes_at_once()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        var pop = fleet.Pops[0];
        fleet.Origin.Script = exchange =>
            exchange.RespondAsync($"old {exchange.Request["Accept-Language"]}", "Cache-Control: max-age=60|Vary: Accept-Language");
        foreach (var language in new[] { "de", "en" })
        {
            await pop.VisitAsync("/page", ("Accept-Language", language));
            (await pop.VisitAsync("/page", ("Accept-Language", language))).ShouldSatisfyAllConditions(
                visit => visit.Cache.ShouldBe("HIT"),
                visit => visit.Body.ShouldBe($"old {language}")
            );
        }
        (await pop.Visitor.SendAsync(HttpMethod.Head, "/page", ("Accept-Language", "de"))).Cache.ShouldBe("HIT");
        fleet.Serves("new", "Cache-Control: max-age=60|Vary: Accept-Language");

        await fleet.PurgeAndWaitAsync("Path", "/page");

        (await pop.Visitor.SendAsync(HttpMethod.Head, "/page", ("Accept-Language", "de"))).Cache.ShouldNotBe("HIT");
        (await pop.VisitAsync("/page", ("Accept-Language", "de"))).Body.ShouldBe("new");
        (await pop.VisitAsync("/page", ("Accept-Language", "en"))).Body.ShouldBe("new");
    }
}
