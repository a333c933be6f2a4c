using System.Text.Json.Nodes;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Fleet;

/// <summary>G3 to G6 with nodes that are cut off, dead, hung or behind.</summary>
public sealed class A_fleet_in_trouble_stays_truthful
{
    private static readonly FleetOptions ShortLease = new() { Lease = TimeSpan.FromMilliseconds(500), Grace = TimeSpan.FromSeconds(30) };
    private static readonly FleetOptions ShortLeaseAndGrace = new()
    {
        Lease = TimeSpan.FromMilliseconds(500),
        Grace = TimeSpan.FromMilliseconds(500),
    };

    [Fact]
    public async Task A_PoP_that_is_cut_off_is_owed_and_serves_new_bytes_once_it_is_back()
    {
        await using var fleet = await TestFleet.StartAsync(leases: ShortLease);
        var (near, far) = (fleet.Pops[0], fleet.Pops[1]);
        fleet.Serves("old");
        await near.VisitAsync("/logo.png");
        await far.VisitAsync("/logo.png");

        far.Link.Cut();
        fleet.Serves("new");
        var purge = await fleet.PurgeAsync("Path", "/logo.png");
        await fleet.WhenAppliedAsync(near, purge);
        (await near.VisitAsync("/logo.png")).Body.ShouldBe("new");
        (await far.VisitAsync("/logo.png")).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("HIT", "its grace runs: it serves on"),
            visit => visit.Body.ShouldBe("old")
        );
        await Eventually.Async(async () => StateOf(await fleet.ReceiptAsync(purge), far) == "owed");
        (await fleet.ReceiptAsync(purge))["state"]!.GetValue<string>().ShouldNotBe("complete");

        far.Link.Restore();
        (await fleet.ReceiptAsync(purge, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await far.VisitAsync("/logo.png")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task A_PoP_that_stays_cut_off_is_fenced_and_asks_before_it_serves()
    {
        await using var fleet = await TestFleet.StartAsync(leases: ShortLeaseAndGrace);
        var far = fleet.Pops[1];
        fleet.Serves("old", "Cache-Control: max-age=60|ETag: \"1\"");
        await far.VisitAsync("/logo.png");

        far.Link.Cut();
        fleet.Serves("new", "Cache-Control: max-age=60|ETag: \"2\"");
        var receipt = await fleet.PurgeAndWaitAsync("Path", "/logo.png");

        receipt["fencedNodes"]!.GetValue<int>().ShouldBe(1);
        StateOf(receipt, far).ShouldBe("fenced");
        (await far.VisitAsync("/logo.png")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task A_dead_shield_is_passed_by_and_blocks_nobody_for_long()
    {
        await using var fleet = await TestFleet.StartAsync(leases: ShortLeaseAndGrace);
        fleet.Serves("old");
        await fleet.Pops[0].VisitAsync("/page");

        await fleet.Shields[0].KillAsync();
        fleet.Serves("new");
        (await fleet.Pops[0].VisitAsync("/elsewhere")).Body.ShouldBe("new", "the PoP asks the origin itself");
        (await fleet.PurgeAndWaitAsync("All"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await fleet.Pops[0].VisitAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task While_a_live_shield_has_not_applied_it_no_PoP_is_sent_it()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Shields[0].Link.Freeze();
        var purge = await fleet.PurgeAsync("All");

        // Answered after one second with what it is by then: still at the shields, since the lease of three seconds runs.
        var receipt = await fleet.ReceiptAsync(purge, "1s");
        receipt["state"]!.GetValue<string>().ShouldBeOneOf("queued", "shields");
        foreach (var pop in fleet.Pops)
            StateOf(receipt, pop).ShouldBe("pending");

        fleet.Shields[0].Link.Restore();
        (await fleet.ReceiptAsync(purge, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
    }

    [Fact]
    public async Task A_shield_behind_its_PoP_answers_from_nothing_that_it_held_before_the_request()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1, leases: ShortLease);
        var (shield, pop) = (fleet.Shields[0], fleet.Pops[0]);
        fleet.Serves("old");
        await pop.VisitAsync("/page");

        shield.Link.Freeze();
        fleet.Serves("new");
        var purge = await fleet.PurgeAsync("Path", "/page");
        await fleet.WhenAppliedAsync(pop, purge); // the shield's lease ran out: it is live no longer, and owed

        var visit = await pop.VisitAsync("/page");
        visit.Body.ShouldBe("new");
        visit
            .Headers["Via"]
            .ShouldContain("paradarum-shield-1", Case.Insensitive, "the shield did answer, with what it fetched for this request");
        shield.Link.Restore();
        (await fleet.ReceiptAsync(purge, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task A_hung_shield_that_still_heartbeats_blocks_the_PoPs_no_longer_than_its_lease()
    {
        await using var fleet = await TestFleet.StartAsync(leases: ShortLeaseAndGrace);
        fleet.Serves("old");
        await fleet.Pops[0].VisitAsync("/page");
        var token = await fleet.RegisterAsync("shield-hung", NodeRole.Shield);
        await using var hung = await HungNode.ConnectAsync(fleet.Control.Plane.Fleet, token, ShortLeaseAndGrace.Lease / 3);
        await hung.Granted;
        fleet.Serves("new");

        var receipt = await fleet.PurgeAndWaitAsync("All");

        receipt["state"]!.GetValue<string>().ShouldBe("complete");
        hung.Heartbeats.ShouldBeGreaterThan(1);
        (await fleet.Pops[0].VisitAsync("/page")).Body.ShouldBe("new");
    }

    private static string StateOf(JsonObject receipt, TestEdge edge) =>
        receipt["perNode"]!.AsArray().Single(node => node!["id"]!.GetValue<string>() == edge.Id)!["state"]!.GetValue<string>();
}
