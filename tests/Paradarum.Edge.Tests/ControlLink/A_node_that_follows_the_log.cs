using Google.Protobuf;
using Paradarum.Edge.ControlLink;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>Design section 2: position, chain, epoch.</summary>
public sealed class A_node_that_follows_the_log
{
    [Fact]
    public void Presents_nothing_after_a_start_without_a_durable_store() => new TestNode().Machine.Cursor.ShouldBeNull();

    [Fact]
    public void Presents_its_durable_cursor_after_a_start_and_the_applied_one_on_a_reconnect()
    {
        var hash = new TestNode().HashAt(5);
        var node = new TestNode(new NodeCursor(TestNode.Epoch, 5, hash.Memory));
        node.Machine.Cursor!.Position.ShouldBe(5UL);

        node.Welcomed().Records(6, 7);
        node.Reconnect();

        node.Machine.Cursor!.Position.ShouldBe(7UL);
        node.Machine.Cursor.Hash.ToArray().ShouldBe(node.HashAt(7).ToByteArray());
    }

    [Fact]
    public void Applies_what_has_arrived_in_one_snapshot_and_acknowledges_its_end()
    {
        var node = new TestNode().Welcomed().Snapshot(5);

        node.Records(6, 9);

        node.Decided.OfType<NodeDecision.Apply>().Single().Records.Select(record => record.Position).ShouldBe([6UL, 7UL, 8UL, 9UL]);
        node.Decided.OfType<NodeDecision.Acknowledge>().Single().Position.ShouldBe(9UL);
    }

    [Fact]
    public void Checks_and_ignores_a_record_it_has_applied()
    {
        var node = new TestNode().Welcomed().Snapshot(5).Records(6, 8);

        node.Records(7, 9);

        node.Decided.OfType<NodeDecision.Apply>().Single().Records.Select(record => record.Position).ShouldBe([9UL]);
    }

    [Fact]
    public void Drops_all_when_a_record_it_has_applied_comes_with_another_hash() =>
        Drops(LinkFault.Hash, new TestNode().Welcomed().Snapshot(5).Records(6, 8).Records(7, 7, change: Forged));

    [Fact]
    public void Drops_all_when_a_record_breaks_the_chain() =>
        Drops(LinkFault.Hash, new TestNode().Welcomed().Snapshot(5).Records(6, 6, change: Forged));

    [Fact]
    public void Drops_all_when_a_payload_is_not_what_was_hashed() =>
        Drops(
            LinkFault.Hash,
            new TestNode()
                .Welcomed()
                .Snapshot(5)
                .Records(
                    6,
                    6,
                    change: record =>
                    {
                        record.Payload = ByteString.CopyFromUtf8("another");
                        return record;
                    }
                )
        );

    [Fact]
    public void Drops_all_at_a_gap() => Drops(LinkFault.Gap, new TestNode().Welcomed().Snapshot(5).Records(7, 7));

    [Fact]
    public void Drops_all_when_records_come_before_it_has_anything() => Drops(LinkFault.Protocol, new TestNode().Welcomed().Records(1, 1));

    [Fact]
    public void Starts_anew_from_a_snapshot_when_the_log_is_another_one()
    {
        var node = new TestNode().Welcomed().Snapshot(5);
        node.Reconnect();

        node.Welcomed("another log").Snapshot(2, epoch: "another log");

        node.Decided.OfType<NodeDecision.Replace>().Single().Position.ShouldBe(2UL);
        node.Machine.Cursor!.Epoch.ShouldBe("another log");
    }

    [Fact]
    public void Waits_longer_after_each_failure_but_never_longer_than_two_seconds()
    {
        Backoff.For(1, 1).ShouldBe(TimeSpan.FromMilliseconds(50));
        Backoff.For(2, 0).ShouldBe(TimeSpan.FromMilliseconds(50));
        Backoff.For(1000, 1).ShouldBe(TimeSpan.FromSeconds(2));
    }

    private static Paradarum.Protocol.Link.LogRecordMessage Forged(Paradarum.Protocol.Link.LogRecordMessage record)
    {
        record.Hash = ByteString.CopyFromUtf8("forged");
        return record;
    }

    private static void Drops(LinkFault fault, TestNode node)
    {
        node.Decided.ShouldContain(new NodeDecision.DropAll());
        node.Decided[^1].ShouldBe(new NodeDecision.Reconnect(fault));
        node.Machine.Cursor.ShouldBeNull();
    }
}
