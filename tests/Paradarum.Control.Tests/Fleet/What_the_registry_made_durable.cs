using System.Collections.Immutable;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>What the fleet finds out of a node is gathered before it is written; the registry may have changed the same node meanwhile.</summary>
public sealed class What_the_registry_made_durable
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_not_taken_back_by_news_that_was_gathered_before()
    {
        using var folder = new TemporaryFolder();
        EnrolReply enrolled;
        await using (var host = await ControlHost.StartAsync(folder.Path))
        {
            using var port = new FleetPort(host);
            var created = ControlHost.Opened(await port.Registry.CreateAsync(ControlHost.Somebody, "pop1", NodeRole.Pop, Stop));
            var gathered = port.Desk.Find(created.Node.Id)! with { Url = "http://127.0.0.1:9" };
            enrolled = await port.Client.EnrolAsync(new EnrolRequest { Token = created.EnrolmentToken }, cancellationToken: Stop);
            ControlHost.Opened(await port.Registry.SetEnabledAsync(ControlHost.Somebody, created.Node.Id, enabled: false, Stop));

            await SaveAsync(host, gathered);
        }

        await using var again = await ControlHost.StartAsync(folder.Path);
        using var reached = new FleetPort(again);
        var kept = reached.Desk.Find(enrolled.NodeId)!;
        (kept.Enabled, kept.EnrolmentDigest, kept.Url).ShouldBe((false, null, "http://127.0.0.1:9"));
        using var node = await reached.ConnectAsync(enrolled);
        (await node.HearAsync(ControlMessage.BodyOneofCase.Welcome)).Welcome.NodeId.ShouldBe(enrolled.NodeId);
    }

    [Fact]
    public async Task Does_not_bring_back_a_node_that_was_found_gone_meanwhile()
    {
        using var folder = new TemporaryFolder();
        string id;
        await using (var host = await ControlHost.StartAsync(folder.Path))
        {
            using var port = new FleetPort(host);
            id = ControlHost.Opened(await port.Registry.CreateAsync(ControlHost.Somebody, "pop1", NodeRole.Pop, Stop)).Node.Id;
            var before = port.Desk.Find(id)!;
            ControlHost.Opened(await port.Registry.DeleteAsync(ControlHost.Somebody, id, Stop));
            await port.Desk.WhenAsync(fleet => fleet.Records[id].LeftAt is not null, Stop);
            await SaveAsync(host, port.Desk.Find(id)!);

            await host.Writer.WriteAsync(
                write =>
                {
                    FleetStore.SaveNode(write, before);
                    write.AfterFlush(() => port.Desk.Put(before));
                    return true;
                },
                Stop
            );

            port.Registry.List().ShouldBeEmpty();
            port.Registry.Has(NodeRole.Pop, id).ShouldBeFalse();
        }

        await using var again = await ControlHost.StartAsync(folder.Path);
        using var reached = new FleetPort(again);
        reached.Registry.List().ShouldBeEmpty();
        reached.Desk.Find(id)!.EnrolmentDigest.ShouldBeNull("the token of a node that has left buys nothing");
    }

    /// <summary>As the fleet's loop writes it.</summary>
    private static Task<bool> SaveAsync(ControlHost host, NodeRecord changed) =>
        host.Writer.WriteAsync(
            write =>
            {
                ReceiptStore.Save(write, new FleetNews([], [], ImmutableDictionary<CountKey, PurgeCount>.Empty, [changed], [], 0, 0));
                return true;
            },
            Stop
        );
}
