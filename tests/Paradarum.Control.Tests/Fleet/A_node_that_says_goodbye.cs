using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>A process that ends in good order says that it serves nobody any more and holds no lease (docs/decisions/goodbye.md). Leases are 3 s with 30 s of grace.</summary>
public sealed class A_node_that_says_goodbye
{
    [Fact]
    public void Is_fenced_from_then_on_and_holds_up_neither_PoPs_nor_complete()
    {
        var fleet = new TestFleetMachine();
        var (shield, pop) = (fleet.ConnectAndLease("shield"), fleet.ConnectAndLease("pop"));
        fleet.Machine.HeadMoved(11);
        fleet.Send(pop, 11).ShouldBeFalse("the shield is live and behind");

        fleet.Machine.Goodbye(shield).ShouldBeTrue();

        shield.Holding.IsFenced(fleet.Now).ShouldBeTrue();
        fleet.SendAndApply(pop, 11);
        fleet.CompleteThrough.ShouldBe(11UL);
        fleet.Decide().ShouldBeEmpty();
    }

    [Fact]
    public void Is_said_to_be_fenced_in_the_receipt_of_what_it_had_not_applied()
    {
        var fleet = new TestFleetMachine();
        var (pop, other) = (fleet.ConnectAndLease("pop"), fleet.ConnectAndLease("other pop"));
        fleet.Machine.HeadMoved(11);
        fleet.Decide();
        fleet.SendAndApply(other, 11);
        fleet.Machine.Goodbye(pop);

        fleet.Decide().ShouldHaveSingleItem().FencedNodes.ShouldBe(["pop"]);
    }

    [Fact]
    public void Counts_for_no_new_purge_and_not_as_it_was_before_the_control_plane_started()
    {
        var nodes = new[] { new FleetNode("pop", NodeRole.Pop) { WasHealthy = true } };
        var fleet = new TestFleetMachine(
            start: new FleetStart(10, 0, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30)), Restored: false),
            nodes: nodes
        );
        var pop = fleet.Connect("pop");
        fleet.Machine.Census(fleet.Now).Pops.ShouldBe(["pop"]);

        fleet.Machine.Goodbye(pop);

        fleet.Machine.Census(fleet.Now).Pops.ShouldBeEmpty();
    }

    [Fact]
    public void Speaks_for_its_own_start_alone()
    {
        var fleet = new TestFleetMachine();
        var former = fleet.ConnectAndLease("pop");
        var later = fleet.Connect("pop", facts: TestFleetMachine.Start("elsewhere", folder: "another folder"));
        fleet.Beat(later);
        fleet.Machine.HeadMoved(11);

        // The stream that was taken over says nothing of who serves now.
        fleet.Machine.Goodbye(former).ShouldBeFalse();
        later.Holding.IsFenced(fleet.Now).ShouldBeFalse();
        fleet.Machine.Goodbye(later).ShouldBeTrue();

        // The displaced one may hold its lease still.
        former.Holding.IsFenced(fleet.Now).ShouldBeFalse();
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Seconds = 33.7;
        fleet.CompleteThrough.ShouldBe(11UL);
    }

    [Fact]
    public void Gets_no_grant_for_a_heartbeat_that_comes_after_it()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        fleet.Machine.Goodbye(pop);

        fleet.Beat(pop).ShouldBe(RenewalReason.StaleStream);
        pop.Holding.IsFenced(fleet.Now).ShouldBeTrue();
    }

    [Fact]
    public void Is_counted_anew_once_it_is_back()
    {
        var fleet = new TestFleetMachine();
        fleet.Machine.Goodbye(fleet.ConnectAndLease("pop"));
        fleet.Decide();

        var again = fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.SendAndApply(again, 11);
        fleet.CompleteThrough.ShouldBe(11UL);
    }

    [Fact]
    public async Task Is_waited_for_by_no_purge_not_even_after_a_restart_of_the_control_plane()
    {
        using var folder = new TemporaryFolder();
        string gone;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            using var port = new FleetPort(host);
            var property = await host.AddPropertyAsync("shop");
            await using var stays = await LiveNode.StartAsync(host, folder["stays"], NodeRole.Pop);
            await using var goes = await LiveNode.StartAsync(host, folder["goes"], NodeRole.Pop);
            gone = goes.Identity.NodeId;
            await port.Registry.WhenHealthyAsync([stays.Identity.NodeId, gone], TestContext.Current.CancellationToken);

            await goes.SayGoodbyeAsync();

            goes.Lease.State.ShouldBe(Edge.Leasing.LeaseState.Fenced, "it gave its lease up itself");
            port.Desk.Census.Pops.ShouldBe([stays.Identity.NodeId]);
            port.Registry.List().Single(node => node.Node.Id == gone).Lease.ShouldBe(LeaseStanding.Fenced);
            var purge = await The_fleet_port.AppendAsync(host, property.Id);
            await port
                .Progress.WhenCompleteAsync(purge.Position, TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        }

        // The other one's lease is not known to be over: it holds up for its own sake, the one that said goodbye does not.
        await using var again = await ControlHost.StartAsync(folder["control"]);
        using var second = new FleetPort(again);
        second.Desk.Read(fleet => fleet.Machine.Find(gone)!.Holdings.Count()).ShouldBe(0);
        second.Desk.Read(fleet => fleet.Machine.Nodes.Sum(node => node.Holdings.Count())).ShouldBe(1);
    }
}
