using System.Collections.Immutable;
using Paradarum.Control.Fleet;
using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Both ends over real gRPC sockets, with the real log between them.</summary>
public sealed class A_purge_on_its_way_through_the_fleet
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Is_complete_when_every_node_has_applied_it()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        await using var shield = await LiveNode.StartAsync(host, folder["shield"], NodeRole.Shield);
        await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop);
        await shield.IsLeasedAsync();
        await pop.IsLeasedAsync();
        await Eventually.Async(() => port.Desk.Census is { Shields.Length: 1, Pops.Length: 1 }, "both nodes count");

        var purge = await The_fleet_port.AppendAsync(host, property.Id);
        await port.Progress.WhenCompleteAsync(purge.Position, CancellationToken.None).WaitAsync(LongEnough, TimeProvider.System);

        shield.State.Current.Position.ShouldBe(purge.Position);
        pop.State.Current.Position.ShouldBe(purge.Position);
        var standing = port.Progress.ProgressOf(purge.Position, [shield.Identity.NodeId, pop.Identity.NodeId]);
        (standing.State, standing.AcceptedDone).ShouldBe((PurgeState.Complete, 2));
        standing.CompletedAt.ShouldNotBeNull();
        standing
            .Nodes.Select(node => (node.Role, node.State))
            .ShouldBe([(NodeRole.Shield, NodeProgressState.Applied), (NodeRole.Pop, NodeProgressState.Applied)]);
        standing.Nodes[0].AppliedAt!.Value.ShouldBeLessThanOrEqualTo(standing.Nodes[1].AppliedAt!.Value);
        pop.Directory.Current.Shields.Select(known => known.Id).ShouldBe([shield.Identity.NodeId]);
        pop.Directory.Current.FleetKey.Length.ShouldBe(32);
    }

    [Fact]
    public async Task Reaches_no_PoP_before_the_shield_has_acknowledged()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        using var shield = await port.ConnectAsync(await port.EnrolAsync("shield", NodeRole.Shield));
        var start = (await shield.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await shield.AckAsync(start.Position, start.Hash);
        await shield.BeatAsync(1);
        await shield.HearAsync(ControlMessage.BodyOneofCase.Grant);
        using var pop = await port.ConnectAsync(await port.EnrolAsync("pop", NodeRole.Pop));
        await pop.HearAsync(ControlMessage.BodyOneofCase.Snapshot);
        await pop.AckAsync(start.Position, start.Hash);

        var purge = await The_fleet_port.AppendAsync(host, property.Id);
        await shield.HearAsync(ControlMessage.BodyOneofCase.Records);
        await pop.BeatAsync(1);
        var heard = await pop.HearAsync();
        while (heard!.BodyCase == ControlMessage.BodyOneofCase.Fleet)
            heard = await pop.HearAsync();

        // The PoP is told of the new head, yet is sent nothing of it.
        heard.Grant.Head.ShouldBe(purge.Position);
        await Eventually.Async(
            () => port.Progress.ProgressOf(purge.Position, []).State == PurgeState.Shields,
            "the shields' turn is shown"
        );
        await shield.AckAsync(purge.Position, Google.Protobuf.ByteString.CopyFrom(purge.Hash.Span));
        (await pop.HearAsync())!.Records.Records_.Single().Position.ShouldBe(purge.Position);
        await Eventually.Async(() => port.Progress.ProgressOf(purge.Position, []).State == PurgeState.Pops, "the PoPs' turn is shown");
    }

    [Fact]
    public async Task Reaches_a_node_whose_link_was_cut_once_it_is_restored()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        await using var link = new CuttableLink(host.Plane.Fleet.Port);
        await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop, link.Url);
        await pop.IsLeasedAsync();
        var generation = pop.State.Current.Generation;

        link.Cut();
        var purge = await The_fleet_port.AppendAsync(host, property.Id);
        link.Restore();
        await pop.HasAppliedAsync(purge.Position);

        // It went on where it was: nothing was dropped.
        pop.State.Current.Generation.ShouldBe(generation);
    }

    [Fact]
    public async Task Is_complete_without_a_node_that_is_cut_off_once_that_is_fenced()
    {
        using var folder = new TemporaryFolder();
        var leases = new FleetOptions { Lease = TimeSpan.FromMilliseconds(300), Grace = TimeSpan.FromMilliseconds(700) };
        await using var host = await ControlHost.StartAsync(configure: options => options with { Fleet = leases });
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        await using var link = new CuttableLink(host.Plane.Fleet.Port);
        await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop, link.Url);
        await pop.IsLeasedAsync();

        link.Cut();
        var purge = await The_fleet_port.AppendAsync(host, property.Id);
        ImmutableArray<string> accepted = [pop.Identity.NodeId];
        port.Progress.ProgressOf(purge.Position, accepted).AcceptedDone.ShouldBe(0);
        await port.Progress.WhenCompleteAsync(purge.Position, CancellationToken.None).WaitAsync(LongEnough, TimeProvider.System);

        pop.Lease.State.ShouldBe(LeaseState.Fenced);
        var standing = port.Progress.ProgressOf(purge.Position, accepted);
        (standing.State, standing.FencedNodes, standing.AcceptedDone).ShouldBe((PurgeState.Complete, 1, 1));
        link.Restore();
        await pop.HasAppliedAsync(purge.Position);
        await pop.IsLeasedAsync();
    }

    [Fact]
    public async Task Does_not_wait_for_the_grace_of_a_process_that_its_successor_proves_dead()
    {
        using var folder = new TemporaryFolder();
        var leases = new FleetOptions { Grace = FleetOptions.LongestGrace };
        await using var host = await ControlHost.StartAsync(configure: options => options with { Fleet = leases });
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        await using (var first = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop))
            await first.IsLeasedAsync();
        var purge = await The_fleet_port.AppendAsync(host, property.Id);

        await using var second = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop);

        await port.Progress.WhenCompleteAsync(purge.Position, CancellationToken.None).WaitAsync(LongEnough, TimeProvider.System);
        port.Registry.List().Length.ShouldBe(1);
    }

    [Fact]
    public async Task Keeps_what_its_receipt_says_when_the_control_plane_restarts()
    {
        using var folder = new TemporaryFolder();
        PurgeStanding before;
        ulong position;
        string id;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            var property = await host.AddPropertyAsync("shop");
            using var port = new FleetPort(host);
            await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop);
            await pop.IsLeasedAsync();
            id = pop.Identity.NodeId;
            position = (await The_fleet_port.AppendAsync(host, property.Id)).Position;
            await port.Progress.WhenCompleteAsync(position, CancellationToken.None).WaitAsync(LongEnough, TimeProvider.System);
            before = port.Progress.ProgressOf(position, [id]);
        }

        await using var again = await ControlHost.StartAsync(folder["control"]);
        using var sameFleet = new FleetPort(again);
        var after = sameFleet.Progress.ProgressOf(position, [id]);

        after.State.ShouldBe(PurgeState.Complete);
        after.CompletedAt!.Value.ToUnixTimeMilliseconds().ShouldBe(before.CompletedAt!.Value.ToUnixTimeMilliseconds());
        after.Nodes.Single().State.ShouldBe(NodeProgressState.Applied);
        after
            .Nodes.Single()
            .AppliedAt!.Value.ToUnixTimeMilliseconds()
            .ShouldBe(before.Nodes.Single().AppliedAt!.Value.ToUnixTimeMilliseconds());
        sameFleet.Desk.Census.Pops.ShouldBe([id]);
    }

    [Fact]
    public async Task Is_not_complete_after_a_restart_before_a_node_that_may_hold_a_lease_is_back()
    {
        using var folder = new TemporaryFolder();
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            await host.AddPropertyAsync("shop");
            await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop);
            await pop.IsLeasedAsync();
        }

        await using var again = await ControlHost.StartAsync(folder["control"]);
        using var port = new FleetPort(again);
        var property = again.Catalogue.Current.Properties.Keys.Single();
        var purge = await The_fleet_port.AppendAsync(again, property);
        port.Desk.HeadMoved(purge.Position);
        port.Progress.ProgressOf(purge.Position, []).State.ShouldNotBe(PurgeState.Complete);
        await using var back = await LiveNode.StartAsync(again, folder["pop"], NodeRole.Pop);

        await port.Progress.WhenCompleteAsync(purge.Position, CancellationToken.None).WaitAsync(LongEnough, TimeProvider.System);
    }

    [Fact]
    public async Task Counts_a_deleted_node_until_it_has_left()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop);
        await pop.IsLeasedAsync();

        ControlHost.Opened(await port.Registry.DeleteAsync(ControlHost.Somebody, pop.Identity.NodeId, CancellationToken.None));
        await pop.Running.WaitAsync(LongEnough, TimeProvider.System);

        pop.Lease.State.ShouldBe(LeaseState.Fenced);
        pop.State.Current.Epoch.ShouldBe("");
        await Eventually.Async(() => port.Registry.List().IsEmpty, "the node is gone");
    }

    [Fact]
    public void Is_kept_apart_by_a_lock_on_each_nodes_folder()
    {
        using var folder = new TemporaryFolder();
        using var held = NodeFolder.Take(folder["pop"]);
        using var other = NodeFolder.Take(folder["another"]);

        Should.Throw<IOException>(() => NodeFolder.Take(folder["pop"])).Message.ShouldContain("in use by another process");
        other.Id.ShouldNotBe(held.Id);
    }

    [Fact]
    public async Task Leaves_a_nodes_credential_readable_by_its_owner_alone()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync();
        await using var pop = await LiveNode.StartAsync(host, folder["pop"], NodeRole.Pop);

        File.GetUnixFileMode(Path.Combine(folder["pop"], "node.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
