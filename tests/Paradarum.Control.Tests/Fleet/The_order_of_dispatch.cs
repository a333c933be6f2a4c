using Paradarum.Control.Fleet;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>G3 and what bounds it.</summary>
public sealed class The_order_of_dispatch
{
    [Fact]
    public void Sends_PoPs_a_position_only_when_every_live_shield_has_applied_it()
    {
        var fleet = new TestFleetMachine();
        var shield = fleet.ConnectAndLease("shield");
        var pop = fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(12);

        fleet.Machine.Dispatch.MaySend(pop, fleet.Now, out _).ShouldBe(SendHold.Shields);
        fleet.SendAndApply(shield, 11);

        fleet.Machine.Dispatch.MaySend(pop, fleet.Now, out var through).ShouldBe(SendHold.None);
        through.ShouldBe(11UL);
        fleet.Send(pop, 12).ShouldBeFalse();
    }

    [Fact]
    public void Sends_a_PoP_a_snapshot_only_when_every_live_shield_has_applied_its_position()
    {
        var fleet = new TestFleetMachine();
        var shield = fleet.ConnectAndLease("shield");
        var pop = fleet.Connect("pop", presented: null);
        fleet.Machine.HeadMoved(11);

        fleet.Machine.Dispatch.AdmitSnapshot(pop, 11, fleet.Now).ShouldBeFalse();
        fleet.SendAndApply(shield, 11);

        fleet.Machine.Dispatch.AdmitSnapshot(pop, 11, fleet.Now).ShouldBeTrue();
    }

    [Fact]
    public void Asks_again_at_the_last_moment_because_a_shield_may_have_become_live()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);
        fleet.Machine.Dispatch.MaySend(pop, fleet.Now, out var through).ShouldBe(SendHold.None);

        fleet.ConnectAndLease("shield", presented: 10);
        fleet.Machine.Dispatch.MaySend(fleet.Node("shield").Link!, fleet.Now, out _);
        fleet.Send(fleet.Node("shield").Link!, 11).ShouldBeTrue();

        fleet.Send(pop, through).ShouldBeFalse();
    }

    [Fact]
    public void Does_not_wait_for_a_shield_that_is_still_being_caught_up()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        var shield = fleet.ConnectAndLease("shield", presented: 3);
        fleet.Machine.HeadMoved(11);
        fleet.Send(shield, 9).ShouldBeTrue();

        fleet.Send(pop, 11).ShouldBeTrue();
    }

    [Fact]
    public void Waits_for_a_shield_from_the_moment_it_was_sent_the_head_of_its_oldest_grant()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        var shield = fleet.ConnectAndLease("shield", presented: 3);
        fleet.Machine.HeadMoved(11);

        fleet.Send(shield, 10).ShouldBeTrue();

        fleet.Send(pop, 11).ShouldBeFalse();
    }

    [Fact]
    public void Goes_on_without_a_dead_shield_once_its_lease_has_run_out()
    {
        var fleet = new TestFleetMachine();
        fleet.Machine.LinkLost(fleet.ConnectAndLease("shield"));
        var pop = fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);

        fleet.Seconds = 3.05;
        fleet.Send(pop, 11).ShouldBeFalse();
        fleet.Seconds = 3.07;

        fleet.Send(pop, 11).ShouldBeTrue();
    }

    [Fact]
    public void Bounds_what_a_slow_node_has_not_acknowledged()
    {
        var fleet = new TestFleetMachine(new FleetOptions { MostUnacknowledgedRecords = 5, MostUnacknowledgedBytes = 1024 });
        var pop = fleet.Connect("pop");
        fleet.Machine.HeadMoved(100);

        fleet.Machine.Dispatch.MaySend(pop, fleet.Now, out var through);
        through.ShouldBe(15UL);
        fleet.Send(pop, 15).ShouldBeTrue();
        fleet.Machine.Dispatch.MaySend(pop, fleet.Now, out _).ShouldBe(SendHold.Window);
        fleet.Machine.Acknowledge(pop, 15);

        fleet.Machine.Dispatch.Admit(pop, 16, 5000, fleet.Now).ShouldBeTrue();
        fleet.Machine.Dispatch.MaySend(pop, fleet.Now, out _).ShouldBe(SendHold.Window);
    }
}
