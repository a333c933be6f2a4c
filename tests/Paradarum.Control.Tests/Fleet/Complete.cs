using Paradarum.Control.Fleet;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>G6: receipts are true; and who counts when a purge is accepted.</summary>
public sealed class Complete
{
    [Fact]
    public void Is_said_when_every_node_that_may_hold_a_lease_has_applied_or_is_fenced()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        fleet.ConnectAndLease("other pop");
        fleet.Decide();
        fleet.Machine.HeadMoved(11);
        fleet.SendAndApply(pop, 11);

        fleet.Seconds = 33.6;
        fleet.Decide().ShouldBeEmpty();
        fleet.Seconds = 33.7;
        var range = fleet.Decide().Single();

        (range.After, range.Through).ShouldBe((10UL, 11UL));
        range.FencedNodes.ShouldBe(["other pop"]);
    }

    [Fact]
    public void Names_the_nodes_that_were_fenced_for_each_position_apart()
    {
        var fleet = new TestFleetMachine();
        fleet.Connect("pop", presented: 10);
        fleet.Decide();
        fleet.Connect("other pop", presented: 12);
        fleet.Machine.HeadMoved(13);

        var ranges = fleet.Decide();

        ranges.Select(range => (range.After, range.Through)).ShouldBe([(10UL, 12UL), (12UL, 13UL)]);
        ranges[0].FencedNodes.ShouldBe(["pop"]);
        ranges[1].FencedNodes.ShouldBe(["other pop", "pop"]);
    }

    [Fact]
    public void Is_never_revoked()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        fleet.CompleteThrough.ShouldBe(10UL);

        fleet.Machine.LinkLost(pop);
        fleet.Connect("pop", presented: null, pop.Holding.Facts);

        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Is_announced_only_once_it_is_persisted()
    {
        var fleet = new TestFleetMachine();
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Machine.Completion.AnnouncedThrough.ShouldBe(0UL);

        fleet.Machine.Completion.Announce(10);

        fleet.Machine.Completion.AnnouncedThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Waits_for_a_node_that_dropped_all_and_starts_anew()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        fleet.Decide();
        fleet.Machine.HeadMoved(11);
        var again = fleet.Connect("pop", presented: null, pop.Holding.Facts);

        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Machine.Dispatch.AdmitSnapshot(again, 11, fleet.Now).ShouldBeTrue();
        fleet.CompleteThrough.ShouldBe(10UL);
        fleet.Machine.Acknowledge(again, 11);

        fleet.CompleteThrough.ShouldBe(11UL);
    }

    [Fact]
    public void Believes_no_acknowledgement_of_what_was_not_sent()
    {
        var fleet = new TestFleetMachine();
        var pop = fleet.ConnectAndLease("pop");
        fleet.Machine.HeadMoved(11);

        fleet.Machine.Acknowledge(pop, 11).ShouldBeFalse();

        fleet.CompleteThrough.ShouldBe(10UL);
    }

    [Fact]
    public void Counts_enabled_shields_and_PoPs_whose_lease_or_grace_runs()
    {
        var fleet = new TestFleetMachine();
        fleet.ConnectAndLease("shield");
        fleet.ConnectAndLease("pop");
        fleet.Connect("other pop");
        fleet.Machine.Census(fleet.Now).Shields.ShouldBe(["shield"]);
        fleet.Machine.Census(fleet.Now).Pops.ShouldBe(["pop"]);

        fleet.Node("shield").Enabled = false;
        fleet.Seconds = 33.6;
        fleet.Machine.Census(fleet.Now).Shields.ShouldBeEmpty();
        fleet.Machine.Census(fleet.Now).Pops.ShouldBe(["pop"]);
        fleet.Seconds = 33.7;

        fleet.Machine.Census(fleet.Now).Pops.ShouldBeEmpty();
    }

    [Fact]
    public void Counts_after_a_restart_whoever_was_last_known_healthy_until_everything_would_have_run_out()
    {
        var granted = new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30));
        var fleet = new TestFleetMachine(
            start: new FleetStart(Head: 10, CompleteThrough: 10, granted, Restored: false),
            nodes: [new FleetNode("pop", Paradarum.Protocol.Link.NodeRole.Pop) { WasHealthy = true }],
            instances: [new KnownInstance("pop", TestFleetMachine.Start("before"), Latest: true)]
        );

        fleet.Seconds = 33.6;
        fleet.Machine.Census(fleet.Now).Pops.ShouldBe(["pop"]);
        fleet.Seconds = 33.7;
        fleet.Machine.Census(fleet.Now).Pops.ShouldBeEmpty();
    }
}
