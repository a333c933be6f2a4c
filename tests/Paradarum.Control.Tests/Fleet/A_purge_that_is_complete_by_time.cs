using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.Fleet;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

public sealed class A_purge_that_is_complete_by_time
{
    /// <summary>A start of a displaced process ran out; the event that is looked at next is another node's.</summary>
    [Fact]
    public async Task Shows_at_once_who_applied_it()
    {
        await using var log = TestLog.Open();
        var (one, two) = (Node("one"), Node("two"));
        var start = new FleetStart(0, 0, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(30)), Restored: false);
        var desk = new FleetDesk(
            new FleetMemory(start, [one, two], [], new byte[32], 0, 0, [], [], []),
            new FleetOptions(),
            log.Feed,
            log.Time,
            NullLogger.Instance
        );
        var progress = new PurgeProgress(desk, log.Writer.Readers);
        var displaced = Hello(desk, one, 1, at: 0);
        var other = Hello(desk, two, 1, at: 0);
        desk.Heartbeat(displaced);
        desk.Heartbeat(other);
        var record = await log.Append();
        desk.HeadMoved(1);
        var later = Hello(desk, one, 2, at: 1); // elsewhere: it proves nothing of the former start
        var ack = new Ack { Position = 1, Hash = ByteString.CopyFrom(record.Hash.Span) };
        desk.Acknowledge(later, ack).ShouldBeTrue();
        desk.Admit(other, 1, 1).ShouldBeTrue();
        desk.Acknowledge(other, ack).ShouldBeTrue();
        desk.Tick();
        Persist(desk);
        progress.CompletedAt(1).ShouldBeNull("the former start may still serve");

        while (!desk.HasNews().Urgent)
        {
            log.Time.Advance(TimeSpan.FromSeconds(0.9));
            desk.Heartbeat(other);
        }
        Persist(desk);

        var shown = progress.ProgressOf(1, ["one", "two"]);
        shown.State.ShouldBe(PurgeState.Complete);
        shown.Nodes.ShouldAllBe(node => node.State == NodeProgressState.Applied && node.AppliedAt != null);

        NodeRecord Node(string id) =>
            new(id, id, NodeRole.Pop, log.Time.GetUtcNow(), true, false, null, null, NodeRecord.Digest(id), "", false, 0, 0);
    }

    private static NodeLink Hello(FleetDesk desk, NodeRecord node, long started, ulong at)
    {
        var link = desk.Hello(node, new InstanceFacts($"{node.Id}-{started}", "", "", started), null, "", new Wake())!;
        desk.AdmitSnapshot(link, at).ShouldBeTrue();
        return link;
    }

    private static void Persist(FleetDesk desk)
    {
        while (desk.TakeNews() is { } news)
            desk.Persisted(news);
    }
}
