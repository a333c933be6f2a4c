using System.Collections.Immutable;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>A crash of the control plane takes nothing back (contract part 2: purge state only moves forward). A copy of the database is what a crash at that moment leaves.</summary>
public sealed class What_a_receipt_has_shown
{
    [Trait("Engine", "SQLite")]
    [Fact]
    public async Task Is_on_disk_at_every_moment()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var (shieldId, shield) = await LeasedAsync(port, "shield", NodeRole.Shield);
        var (popId, pop) = await LeasedAsync(port, "pop", NodeRole.Pop);
        var (lastId, last) = await LeasedAsync(port, "last", NodeRole.Pop);
        ImmutableArray<string> accepted = [shieldId, popId, lastId];
        var purge = await The_fleet_port.AppendAsync(host, property.Id);
        var hash = Google.Protobuf.ByteString.CopyFrom(purge.Hash.Span);

        var crash = 0;
        async Task ShownAsync(Func<PurgeStanding, bool> awaited)
        {
            PurgeStanding shown;
            do shown = port.Progress.ProgressOf(purge.Position, accepted);
            while (!awaited(shown) && await LaterAsync());
            (await AfterACrashAsync(host, folder[$"crash{crash++}"], purge.Position, accepted)).ShouldBeAtLeast(shown);
        }

        await shield.HearAsync(ControlMessage.BodyOneofCase.Records);
        await ShownAsync(shown => shown.State == PurgeState.Shields);
        await shield.AckAsync(purge.Position, hash, Removed(purge.Position, 2, final: false));
        await pop.HearAsync(ControlMessage.BodyOneofCase.Records);
        await ShownAsync(shown => shown.State == PurgeState.Pops && shown.Nodes[0].State == NodeProgressState.Applied);
        await pop.AckAsync(purge.Position, hash);
        await ShownAsync(shown => shown.Nodes.Count(node => node.State == NodeProgressState.Applied) == 2);
        await last.AckAsync(purge.Position, hash);
        await ShownAsync(shown => shown.State == PurgeState.Complete);
        shield.Dispose();
        pop.Dispose();
        last.Dispose();
    }

    [Trait("Engine", "SQLite")]
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_final_after_a_restart_only_when_the_node_had_said_so(bool final)
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var (popId, pop) = await LeasedAsync(port, "pop", NodeRole.Pop);
        var purge = await The_fleet_port.AppendAsync(host, property.Id);
        await pop.HearAsync(ControlMessage.BodyOneofCase.Records);
        await pop.SayAsync(
            new NodeMessage
            {
                Ack = new Ack
                {
                    Position = purge.Position,
                    Hash = Google.Protobuf.ByteString.CopyFrom(purge.Hash.Span),
                    FinalThrough = final ? purge.Position : purge.Position - 1,
                },
            }
        );
        await port
            .Progress.WhenCompleteAsync(purge.Position, CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        port.Progress.ProgressOf(purge.Position, [popId]).CountsFinal.ShouldBe(final);

        (await AfterACrashAsync(host, folder["crash"], purge.Position, [popId])).CountsFinal.ShouldBe(final);
        pop.Dispose();
    }

    private static async Task<(string Id, FleetPort.PlayedNode Node)> LeasedAsync(FleetPort port, string name, NodeRole role)
    {
        var enrolled = await port.EnrolAsync(name, role);
        var node = await port.ConnectAsync(enrolled);
        var snapshot = (await node.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await node.AckAsync(snapshot.Position, snapshot.Hash);
        await node.BeatAsync(1);
        await node.HearAsync(ControlMessage.BodyOneofCase.Grant);
        return (enrolled.NodeId, node);
    }

    private static PurgeCount Removed(ulong position, long objects, bool final) =>
        new()
        {
            Position = position,
            Objects = objects,
            Bytes = 100 * objects,
            Final = final,
        };

    /// <summary>Starts a control plane on what is durable now, without its being closed.</summary>
    private static async Task<PurgeStanding> AfterACrashAsync(
        ControlHost host,
        string folder,
        ulong position,
        ImmutableArray<string> accepted
    )
    {
        Directory.CreateDirectory(folder);
        // A transaction of the reader: database and write-ahead log belong together in the copy.
        using (var reader = host.Writer.OpenReader())
        using (var copy = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(folder, "paradarum.db")};Pooling=False"))
        {
            copy.Open();
            ((Microsoft.Data.Sqlite.SqliteConnection)reader).BackupDatabase(copy);
        }
        await using var again = await ControlHost.StartAsync(folder);
        using var port = new FleetPort(again);
        return port.Progress.ProgressOf(position, accepted);
    }

    private static async Task<bool> LaterAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
        return true;
    }
}

internal static class StandingAssertions
{
    public static void ShouldBeAtLeast(this PurgeStanding after, PurgeStanding shown)
    {
        ((int)after.State).ShouldBeGreaterThanOrEqualTo((int)shown.State);
        foreach (var node in shown.Nodes.Where(node => node.State == NodeProgressState.Applied))
        {
            var again = after.Nodes.Single(one => one.Id == node.Id);
            again.State.ShouldBe(NodeProgressState.Applied, node.Name);
            again.AppliedAt!.Value.ToUnixTimeMilliseconds().ShouldBe(node.AppliedAt!.Value.ToUnixTimeMilliseconds());
        }
        after.Matched.ShouldBeGreaterThanOrEqualTo(shown.Matched);
    }
}
