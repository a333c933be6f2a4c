using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Design section 3, Leases: the control plane's half, a test for each sentence. Leases are 3 s with 30 s of grace, heads begin at 10.</summary>
public sealed class A_lease_counted_by_the_control_plane
{
    [Fact]
    public void Names_its_lease_its_grace_and_the_durable_head()
    {
        var fleet = new TestFleetMachine();
        var link = fleet.Connect("pop");

        fleet
            .Machine.Heartbeat(link, fleet.Now)
            .ShouldBe(new Renewal(RenewalReason.Granted, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30)), 10));
    }

    [Fact]
    public void Is_counted_two_percent_longer_from_after_the_heartbeat_arrived()
    {
        var fleet = new TestFleetMachine { Seconds = 100 };
        var link = fleet.ConnectAndLease("pop");

        link.Holding.LeaseRuns(TimeSpan.FromSeconds(103.059)).ShouldBeTrue();
        link.Holding.LeaseRuns(TimeSpan.FromSeconds(103.061)).ShouldBeFalse();
        link.Holding.IsFenced(TimeSpan.FromSeconds(133.659)).ShouldBeFalse();
        link.Holding.IsFenced(TimeSpan.FromSeconds(133.661)).ShouldBeTrue();
    }

    [Fact]
    public void Unfences_before_the_head_is_read()
    {
        var fleet = new TestFleetMachine();
        var link = fleet.Connect("pop");
        var leases = new FleetLeases(new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.Zero), LeaseCount.TwoPercentLonger);
        var fencedWhenRead = true;

        leases.Renew(
            link,
            () =>
            {
                fencedWhenRead = link.Holding.IsFenced(fleet.Now);
                return 10;
            },
            fleet.Now
        );

        fencedWhenRead.ShouldBeFalse();
    }

    [Fact]
    public void Is_not_renewed_when_the_oldest_unacknowledged_record_was_sent_over_one_lease_ago()
    {
        var fleet = new TestFleetMachine();
        var link = fleet.ConnectAndLease("shield");
        fleet.Machine.HeadMoved(12);
        fleet.Send(link, 11).ShouldBeTrue();
        fleet.Seconds = 2;
        fleet.Send(link, 12).ShouldBeTrue();

        fleet.Seconds = 3;
        fleet.Beat(link).ShouldBe(RenewalReason.Granted);
        fleet.Seconds = 3.001;
        fleet.Beat(link).ShouldBe(RenewalReason.NotApplying);
        fleet.Machine.Acknowledge(link, 11);
        fleet.Beat(link).ShouldBe(RenewalReason.Granted);
    }

    [Fact]
    public void Of_a_hung_shield_that_still_heartbeats_holds_nobody_back_for_longer_than_it_was_last_granted()
    {
        var fleet = new TestFleetMachine();
        var shield = fleet.ConnectAndLease("shield");
        var pop = fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);
        fleet.Send(shield, 11).ShouldBeTrue();

        for (; fleet.Seconds < 6; fleet.Seconds += 1)
        {
            fleet.Beat(shield);
            fleet.Send(pop, 11).ShouldBeFalse();
        }
        fleet.Seconds = 6.1;
        fleet.Beat(shield);

        fleet.Send(pop, 11).ShouldBeTrue();
    }

    [Fact]
    public void May_be_running_on_every_node_that_ever_connected_when_the_control_plane_starts()
    {
        var granted = new LeaseTerms(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60));
        var fleet = new TestFleetMachine(
            start: new FleetStart(Head: 10, CompleteThrough: 4, granted, Restored: false),
            instances: [new KnownInstance("shield", TestFleetMachine.Start("before"), Latest: true)]
        );
        var pop = fleet.Connect("pop", presented: 9);

        fleet.Seconds = 20.3;
        fleet.Send(pop, 10).ShouldBeFalse();
        fleet.Seconds = 20.5;
        fleet.Send(pop, 10).ShouldBeTrue();
        fleet.Seconds = 81.5;
        fleet.CompleteThrough.ShouldBe(4UL);
        fleet.Seconds = 81.7;
        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void May_be_the_largest_that_settings_allow_after_a_restore()
    {
        var fleet = new TestFleetMachine(start: new FleetStart(Head: 10, CompleteThrough: 4, default, Restored: true)) { Seconds = 673.1 };

        fleet.CompleteThrough.ShouldBe(4UL);
        fleet.Seconds = 673.3;

        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Counts_for_complete_whatever_the_nodes_traffic_switch()
    {
        var fleet = new TestFleetMachine();
        fleet.ConnectAndLease("pop");
        fleet.Node("pop").Enabled = false;
        fleet.CompleteThrough.ShouldBe(10UL);

        fleet.Machine.HeadMoved(11);

        fleet.Machine.Census(fleet.Now).Pops.ShouldBeEmpty();
        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Of_a_deleted_node_counts_until_it_has_said_that_lease_and_store_are_gone()
    {
        var fleet = new TestFleetMachine();
        var link = fleet.ConnectAndLease("pop");
        fleet.Node("pop").Leaving = true;
        fleet.Machine.HeadMoved(11);

        fleet.Machine.TakeGone(fleet.Now).ShouldBeEmpty();
        fleet.Beat(link).ShouldBe(RenewalReason.Leaving);
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Machine.LeaveDone(link);

        fleet.CompleteThrough.ShouldBe(11UL);
        fleet.Machine.TakeGone(fleet.Now).Select(node => node.Id).ShouldBe(["pop"]);
    }

    [Fact]
    public void Of_a_deleted_node_that_is_away_counts_until_it_is_fenced()
    {
        var fleet = new TestFleetMachine();
        fleet.Machine.LinkLost(fleet.ConnectAndLease("pop"));
        fleet.Node("pop").Leaving = true;
        fleet.Machine.HeadMoved(11);

        fleet.Seconds = 33.6;
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Machine.TakeGone(fleet.Now).ShouldBeEmpty();
        fleet.Seconds = 33.7;

        fleet.CompleteThrough.ShouldBe(11UL);
        fleet.Machine.TakeGone(fleet.Now).ShouldNotBeEmpty();
    }

    [Fact]
    public void Of_a_displaced_instance_counts_until_fenced()
    {
        var fleet = new TestFleetMachine();
        fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);
        fleet.Connect("pop", 11, TestFleetMachine.Start("elsewhere", folder: "another folder", startedAt: 9));

        fleet.Seconds = 33.6;
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Seconds = 33.7;
        fleet.CompleteThrough.ShouldBe(11UL);
    }

    [Fact]
    public void Of_a_displaced_instance_ends_when_its_successor_holds_the_same_folder_in_the_same_boot()
    {
        var fleet = new TestFleetMachine();
        fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);

        fleet.Connect("pop", 11, TestFleetMachine.Start("successor", startedAt: 9));

        fleet.CompleteThrough.ShouldBe(11UL);
    }

    [Theory]
    [InlineData("another boot", "folder")]
    [InlineData("", "folder")]
    [InlineData("boot", "")]
    public void Is_not_ended_by_a_successor_that_proves_nothing(string boot, string folder)
    {
        var fleet = new TestFleetMachine();
        fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);

        fleet.Connect("pop", 11, TestFleetMachine.Start("successor", boot, folder, startedAt: 9));

        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Is_not_ended_by_a_dead_predecessor_whose_hello_is_read_late()
    {
        var fleet = new TestFleetMachine();
        var alive = fleet.Connect("pop", 10, TestFleetMachine.Start("alive", startedAt: 2));
        fleet.Beat(alive);
        fleet.Machine.HeadMoved(11);

        fleet.Machine.Hello(fleet.Node("pop"), TestFleetMachine.Start("dead", startedAt: 1), 11, fleet.Now).ShouldBeNull();

        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Goes_on_when_the_same_instance_opens_another_stream()
    {
        var fleet = new TestFleetMachine();
        var facts = TestFleetMachine.Start("one start");
        var first = fleet.Connect("pop", 10, facts);
        fleet.Beat(first);
        fleet.Machine.HeadMoved(11);

        var second = fleet.Connect("pop", 10, facts);

        first.Closed.ShouldBeTrue();
        fleet.Beat(first).ShouldBe(RenewalReason.StaleStream);
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.SendAndApply(second, 11);
        fleet.CompleteThrough.ShouldBe(11UL);
    }
}
