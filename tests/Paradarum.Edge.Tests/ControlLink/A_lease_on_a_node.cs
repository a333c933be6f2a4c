using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>Design section 3, Leases: the node's half, a test for each sentence.</summary>
public sealed class A_lease_on_a_node
{
    [Fact]
    public void Is_measured_from_the_moment_the_heartbeat_was_sent()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        var heartbeat = node.Beat(now: 1000);

        node.Granted(heartbeat, head: 5, now: 2500);

        node.Published.ShouldBe(new Lease(1000 + TestNode.Lease, 1000 + TestNode.Lease + TestNode.Grace));
    }

    [Fact]
    public void Is_not_in_effect_from_a_start_until_the_head_of_its_grant_is_applied()
    {
        var node = new TestNode().Welcomed().Snapshot(5);

        node.Granted(node.Beat(0), head: 7, now: 10);
        node.Published.At(10).ShouldBe(LeaseState.Fenced);
        node.Records(6, 6, now: 20);
        node.Published.At(20).ShouldBe(LeaseState.Fenced);
        node.Records(7, 7, now: 30);

        node.Published.At(30).ShouldBe(LeaseState.Leased);
    }

    [Fact]
    public void Takes_effect_by_the_oldest_unexpired_grant_and_later_ones_do_not_raise_its_head()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 7, now: 10);
        node.Granted(node.Beat(1000), head: 1000, now: 1010);

        node.Records(6, 7, now: 1500);

        // The later grant extends what the older one put into effect.
        node.Published.ShouldBe(new Lease(1000 + TestNode.Lease, 1000 + TestNode.Lease + TestNode.Grace));
    }

    [Fact]
    public void Needs_the_head_of_the_next_grant_once_the_oldest_has_expired()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 7, now: 10);
        node.Granted(node.Beat(1000), head: 9, now: 1010);

        node.Records(6, 7, now: TestNode.Lease + TestNode.Grace);
        node.Published.At(TestNode.Lease + TestNode.Grace).ShouldBe(LeaseState.Fenced);
        node.Records(8, 9, now: TestNode.Lease + TestNode.Grace + 1);

        node.Published.At(TestNode.Lease + TestNode.Grace + 1).ShouldBe(LeaseState.Owed);
    }

    [Fact]
    public void Is_simply_extended_while_lease_or_grace_runs()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 5, now: 10);

        // Owed by now; the head is far ahead of what is applied.
        node.Granted(node.Beat(TestNode.Lease + 1000), head: 500, now: TestNode.Lease + 2000);

        node.Published.At(TestNode.Lease + 2000).ShouldBe(LeaseState.Leased);
    }

    [Fact]
    public void That_lapsed_takes_effect_again_only_with_the_head_of_a_new_grant()
    {
        const long lapsed = TestNode.Lease + TestNode.Grace;
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 5, now: 10);

        node.Granted(node.Beat(lapsed), head: 6, now: lapsed + 10);
        node.Published.At(lapsed + 10).ShouldBe(LeaseState.Fenced);
        node.Records(6, 6, now: lapsed + 20);

        node.Published.At(lapsed + 20).ShouldBe(LeaseState.Leased);
    }

    [Fact]
    public void With_no_grace_is_strict()
    {
        var node = new TestNode().Welcomed().Snapshot(5);

        node.Granted(node.Beat(0), head: 5, now: 10, grace: 0);

        node.Published.At(TestNode.Lease - 1).ShouldBe(LeaseState.Leased);
        node.Published.At(TestNode.Lease).ShouldBe(LeaseState.Fenced);
    }

    [Fact]
    public void Survives_a_broken_stream_and_so_do_grants_that_wait_for_their_head()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 6, now: 10);

        node.Reconnect();
        node.Welcomed().Records(6, 6, now: 500);

        node.Published.At(500).ShouldBe(LeaseState.Leased);
    }

    [Fact]
    public void Is_given_up_before_everything_is_dropped()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 5, now: 10);

        node.Records(7, 7, now: 20);

        node.Decided.ShouldBe([
            new NodeDecision.Publish(Lease.None),
            new NodeDecision.DropAll(),
            new NodeDecision.Reconnect(LinkFault.Gap),
        ]);
    }

    [Fact]
    public void Of_another_epoch_is_worth_nothing()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 5, now: 10);

        node.Reconnect();
        node.Welcomed("another log");

        node.Decided.ShouldBe([new NodeDecision.Publish(Lease.None), new NodeDecision.DropAll()]);
        node.Snapshot(0, now: 20, "another log").Published.At(20).ShouldBe(LeaseState.Fenced);
    }

    [Fact]
    public void Of_a_deleted_node_is_given_up_then_the_store_is_dropped_then_it_says_so()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 5, now: 10);
        var late = node.Beat(20);

        node.ToldToLeave();

        node.Decided.ShouldBe([
            new NodeDecision.Publish(Lease.None),
            new NodeDecision.DropAll(ForGood: true),
            new NodeDecision.SayLeaveDone(),
        ]);
        node.Granted(late, head: 0, now: 30).Published.ShouldBe(Lease.None);
    }

    [Fact]
    public void Of_a_process_that_serves_nobody_any_more_is_given_up_then_it_says_so_and_takes_no_other()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 5, now: 10);
        var late = node.Beat(20);

        node.ServingIsOver();

        node.Decided.ShouldBe([new NodeDecision.Publish(Lease.None), new NodeDecision.SayGoodbye()]);
        node.Granted(late, head: 0, now: 30).Published.ShouldBe(Lease.None);
        node.Records(6, 6, now: 40).Decided.ShouldBeEmpty();
    }

    [Fact]
    public void Is_published_after_the_records_and_before_the_acknowledgement()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Granted(node.Beat(0), head: 6, now: 10);

        node.Records(6, 6, now: 20);

        node.Decided.Select(decision => decision.GetType())
            .ShouldBe([typeof(NodeDecision.Apply), typeof(NodeDecision.Publish), typeof(NodeDecision.Acknowledge)]);
    }
}
