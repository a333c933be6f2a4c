using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>The stream between nodes and control plane over real gRPC sockets.</summary>
public sealed class The_fleet_port
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("node", null)]
    [InlineData("node", "wrong")]
    [InlineData("nobody", "credential")]
    public async Task Gives_nothing_to_a_caller_without_a_credential(string? id, string? credential)
    {
        await using var host = await ControlHost.StartAsync();
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        var headers = new Metadata();
        if (id is not null)
            headers.Add(FleetLinkService.NodeHeader, id == "node" ? node.NodeId : id);
        if (credential is not null)
            headers.Add(FleetLinkService.CredentialHeader, credential == "credential" ? node.Credential : credential);

        using var call = port.Client.Follow(headers);
        var refused = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));

        refused.StatusCode.ShouldBe(StatusCode.Unauthenticated);
    }

    [Fact]
    public async Task Exchanges_an_enrolment_token_once()
    {
        await using var host = await ControlHost.StartAsync();
        using var port = new FleetPort(host);
        var created = ControlHost.Opened(
            await port.Registry.CreateAsync(ControlHost.Somebody, "pop1", NodeRole.Pop, CancellationToken.None)
        );

        var first = await port.Client.EnrolAsync(new EnrolRequest { Token = created.EnrolmentToken });
        var second = await Should.ThrowAsync<RpcException>(async () =>
            await port.Client.EnrolAsync(new EnrolRequest { Token = created.EnrolmentToken })
        );

        (first.NodeId, first.Role, first.Name).ShouldBe((created.Node.Id, NodeRole.Pop, "pop1"));
        second.StatusCode.ShouldBe(StatusCode.Unauthenticated);
        using var still = await port.ConnectAsync(first);
        (await still.HearAsync())!.Welcome.NodeId.ShouldBe(first.NodeId);
    }

    [Fact]
    public async Task Ends_the_stream_of_a_credential_when_the_token_is_renewed()
    {
        await using var host = await ControlHost.StartAsync();
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var held = await port.ConnectAsync(node);
        await held.HearAsync(ControlMessage.BodyOneofCase.Snapshot);

        ControlHost.Opened(await port.Registry.SetEnabledAsync(ControlHost.Somebody, node.NodeId, enabled: false, CancellationToken.None));
        await held.BeatAsync(1);
        await held.HearAsync(ControlMessage.BodyOneofCase.Grant); // any other change leaves it open

        ControlHost.Opened(await port.Registry.RenewTokenAsync(ControlHost.Somebody, node.NodeId, CancellationToken.None));
        while (await held.HearAsync() is not null) { }
        using var again = await port.ConnectAsync(node);
        (await Should.ThrowAsync<RpcException>(again.HearAsync)).StatusCode.ShouldBe(StatusCode.Unauthenticated);
    }

    [Fact]
    public async Task Leaves_the_credential_to_a_node_that_is_to_leave()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var held = await port.ConnectAsync(node);
        await held.HearAsync(ControlMessage.BodyOneofCase.Snapshot);
        await held.BeatAsync(1);
        await held.HearAsync(ControlMessage.BodyOneofCase.Grant);
        ControlHost.Opened(await port.Registry.DeleteAsync(ControlHost.Somebody, node.NodeId, CancellationToken.None));

        var renewed = await port.Registry.RenewTokenAsync(ControlHost.Somebody, node.NodeId, CancellationToken.None);

        renewed.Ok(out _, out _).ShouldBeFalse("its token would buy nothing");
        await held.HearAsync(ControlMessage.BodyOneofCase.Leave);
    }

    [Fact]
    public async Task Keeps_nothing_that_could_be_shown_again()
    {
        await using var host = await ControlHost.StartAsync();
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);

        var kept = port.Desk.Find(node.NodeId)!;

        kept.EnrolmentDigest.ShouldBeNull();
        kept.CredentialDigest.ShouldBe(NodeRecord.Digest(node.Credential));
    }

    [Fact]
    public async Task Refuses_a_link_version_it_does_not_speak()
    {
        await using var host = await ControlHost.StartAsync();
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var call = port.Follow(node.NodeId, node.Credential);

        await call.RequestStream.WriteAsync(
            new NodeMessage
            {
                Hello = new Hello
                {
                    Version = LinkVersion.Current + 2,
                    OldestVersion = LinkVersion.Current + 1,
                    InstanceId = "i",
                },
            }
        );

        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();
        call.ResponseStream.Current.Refused.Reason.ShouldContain("link versions");
    }

    [Fact]
    public async Task Starts_a_node_that_has_nothing_from_a_snapshot_and_then_sends_records()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var played = await port.ConnectAsync(node);

        var snapshot = (await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        var purge = await AppendAsync(host, property.Id);
        var record = (await played.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_[0];

        snapshot.Epoch.ShouldBe(host.Feed.Epoch);
        snapshot.Properties.ShouldContain(one =>
            one.PropertyId == property.Id && one.Property.Name == "shop" && one.LastConfiguration == snapshot.Position
        );
        record.Position.ShouldBe(purge.Position);
        record.Hash.Span.SequenceEqual(Chain.Next(snapshot.Hash.Span, record.Position, record.Payload.Span)).ShouldBeTrue();
    }

    [Fact]
    public async Task Puts_nothing_into_a_snapshot_that_came_after_it()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        var head = host.Feed.Head;
        await AppendAsync(host, property.Id);
        await AppendAsync(host, property.Id);

        var parts = NodeSnapshots.Parts(host.Feed.Epoch, head, host.Catalogue.Current, host.Feed.Positions);

        var one = parts.SelectMany(part => part.Properties).Single(one => one.PropertyId == property.Id);
        (one.LastConfiguration, one.LastPurge).ShouldBe((head.Position, head.Position));
    }

    [Fact]
    public async Task Answers_a_heartbeat_with_lease_grace_and_the_durable_head()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        using var played = await port.ConnectAsync(await port.EnrolAsync("pop1", NodeRole.Pop));
        await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot);

        await played.BeatAsync(1);
        var grant = (await played.HearAsync(ControlMessage.BodyOneofCase.Grant)).Grant;

        (grant.Heartbeat, grant.LeaseMilliseconds, grant.GraceMilliseconds, grant.Head).ShouldBe(
            (1UL, 3000, 30_000, host.Feed.Head.Position)
        );
    }

    [Fact]
    public async Task Goes_on_after_the_last_thing_applied_when_a_link_was_cut()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        var hello = new Hello { InstanceId = "one start" };
        SnapshotPart snapshot;
        using (var first = await port.ConnectAsync(node, hello))
            snapshot = (await first.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        var missed = await AppendAsync(host, property.Id);

        (hello.Epoch, hello.Position, hello.Hash) = (snapshot.Epoch, snapshot.Position, snapshot.Hash);
        using var again = await port.ConnectAsync(node, hello);

        (await again.HearAsync())!.BodyCase.ShouldBe(ControlMessage.BodyOneofCase.Welcome);
        var next = (await again.HearAsync())!;
        next.BodyCase.ShouldBe(ControlMessage.BodyOneofCase.Records);
        next.Records.Records_.Select(record => record.Position).ShouldBe([missed.Position]);
    }

    [Fact]
    public async Task Sends_a_snapshot_to_a_node_of_another_log()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        var head = host.Feed.Head;

        using var played = await port.ConnectAsync(node, Cursor("other", head.Position, head.Hash));

        var snapshot = (await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        (snapshot.Epoch, snapshot.Position).ShouldBe((host.Feed.Epoch, head.Position));
    }

    [Theory]
    [InlineData("another hash", "another record at position")]
    [InlineData("beyond the head", "the database ends at")]
    public async Task Ends_the_epoch_when_a_node_has_read_what_the_database_does_not_hold(string difference, string reason)
    {
        using var folder = new TemporaryFolder();
        string epoch;
        EnrolReply node;
        Hello hello;
        OperatorAccess access;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            var property = await host.AddPropertyAsync("shop");
            using var port = new FleetPort(host);
            node = await port.EnrolAsync("pop1", NodeRole.Pop);
            (epoch, access) = (host.Feed.Epoch, host.Operator);
            var head = host.Feed.Head;
            hello =
                difference == "beyond the head"
                    ? Cursor(epoch, head.Position + 1, head.Hash)
                    : Cursor(epoch, head.Position, "other"u8.ToArray());

            using var played = await port.ConnectAsync(node, hello);

            (await Should.ThrowAsync<RpcException>(played.HearAsync())).StatusCode.ShouldBe(StatusCode.Unavailable);
            (await host.Plane.Over.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System)).ShouldContain(reason);
            // What it would say now stands at positions that a node takes for others'.
            await Should.ThrowAsync<LogUnavailableException>(AppendAsync(host, property.Id));
        }

        await using var again = await ControlHost.StartAsync(folder["control"], known: access);
        again.Feed.Epoch.ShouldNotBe(epoch);
        using var then = new FleetPort(again);
        using var back = await then.ConnectAsync(node, hello);
        (await back.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot.Epoch.ShouldBe(again.Feed.Epoch);
        again.Plane.Over.IsCompleted.ShouldBeFalse("it is said once");
    }

    [Fact]
    public async Task Refuses_a_node_that_says_it_has_read_what_nobody_can_have_sent()
    {
        using var folder = new TemporaryFolder();
        EnrolReply node;
        OperatorAccess access;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            await host.AddPropertyAsync("shop");
            using var port = new FleetPort(host);
            node = await port.EnrolAsync("pop1", NodeRole.Pop);
            access = host.Operator;
            await host.Writer.EndEpochAsync("A test says so.", CancellationToken.None);
        }
        await using var again = await ControlHost.StartAsync(folder["control"], known: access);
        using var then = new FleetPort(again);

        // It heard of the epoch that has just begun, and would have one after the other begun.
        using var played = await then.ConnectAsync(node, Cursor(again.Feed.Epoch, 1_000, again.Feed.Head.Hash));

        (await played.HearAsync(ControlMessage.BodyOneofCase.Refused)).Refused.Reason.ShouldContain("1000");
        again.Plane.Over.IsCompleted.ShouldBeFalse();
    }

    private static Hello Cursor(string epoch, ulong position, ReadOnlyMemory<byte> hash) =>
        new()
        {
            Epoch = epoch,
            Position = position,
            Hash = ByteString.CopyFrom(hash.Span),
        };

    [Fact]
    public async Task Carries_the_largest_record_that_a_batch_can_make()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        using var played = await port.ConnectAsync(await port.EnrolAsync("pop1", NodeRole.Pop));
        await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot);

        // 4 MiB of JSON, every byte of it percent-encoded: 10 000 rules of three times their share.
        var value = new string('x', 3 * (4 << 20) / 10_000);
        var large = await AppendAsync(
            host,
            property.Id,
            Enumerable.Repeat(new RuleMessage { Kind = RuleKind.Contains, Value = value }, 10_000)
        );

        var record = (await played.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_.Single();
        record.Payload.Length.ShouldBeGreaterThan(12_000_000);
        record.Position.ShouldBe(large.Position);
    }

    [Fact]
    public async Task Ends_the_stream_of_a_node_that_acknowledges_what_it_was_not_sent()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        using var played = await port.ConnectAsync(await port.EnrolAsync("pop1", NodeRole.Pop));
        var snapshot = (await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;

        await played.AckAsync(snapshot.Position + 1, ByteString.Empty);

        while (await played.HearAsync() is not null) { }
    }

    [Fact]
    public async Task Sends_its_snapshot_to_a_node_that_the_log_no_longer_reaches_back_to_whatever_it_says_meanwhile()
    {
        await using var host = await ControlHost.StartAsync(configure: options =>
            options with
            {
                Log = options.Log with { MostRecords = 1_000 },
            }
        );
        var property = await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var pop = await port.EnrolAsync("pop1", NodeRole.Pop);
        var hello = new Hello { InstanceId = "one start" };
        using (var first = await port.ConnectAsync(pop, hello))
        {
            var had = (await first.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
            (hello.Epoch, hello.Position, hello.Hash) = (had.Epoch, had.Position, had.Hash);
        }
        await AppendAsync(host, property.Id, count: 1_500);
        // A live shield that is behind holds the PoP's snapshot back.
        using var shield = await port.ConnectAsync(await port.EnrolAsync("shield1", NodeRole.Shield));
        var start = (await shield.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await shield.AckAsync(start.Position, start.Hash);
        await shield.BeatAsync(1);
        await shield.HearAsync(ControlMessage.BodyOneofCase.Grant);
        await AppendAsync(host, property.Id);
        var record = (await shield.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_[^1];

        using var played = await port.ConnectAsync(pop, hello);
        await played.HearAsync(ControlMessage.BodyOneofCase.Welcome);
        await played.AckAsync(hello.Position, hello.Hash); // as a node repeats what it removed of late
        await played.BeatAsync(1);
        await played.HearAsync(ControlMessage.BodyOneofCase.Grant);
        await shield.AckAsync(record.Position, record.Hash);

        (await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot.Position.ShouldBe(record.Position);
    }

    [Fact]
    public async Task Refuses_a_dead_process_whose_successor_holds_the_folder_and_remembers_nothing_of_it()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        static Hello Start(string instance, long at) =>
            new()
            {
                InstanceId = instance,
                BootId = "boot",
                DataFolderId = "folder",
                StartedAt = at,
            };
        using var successor = await port.ConnectAsync(node, Start("successor", 2));
        await successor.HearAsync(ControlMessage.BodyOneofCase.Snapshot);

        using var ghost = await port.ConnectAsync(node, Start("ghost", 1));

        (await ghost.HearAsync())!.Refused.Reason.ShouldStartWith("A later start of this node holds its data folder");
        // What the next start of the control plane assumes to hold a lease.
        using var reader = host.Writer.OpenReader();
        reader.Rows("SELECT instance_id || ' ' || latest FROM fleet_instances", row => row.GetString(0)).ShouldBe(["successor 1"]);
    }

    internal static Task<LogRecord> AppendAsync(ControlHost host, long propertyId, IEnumerable<RuleMessage>? rules = null, int count = 1)
    {
        var payload = new RecordPayload
        {
            PropertyId = propertyId,
            Purges = true,
            Purge = new PurgeBody { Rules = { rules ?? [new RuleMessage { Kind = RuleKind.All }] } },
        };
        return host.Writer.WriteAsync(
            write =>
            {
                for (var more = 1; more < count; more++)
                    write.Append(payload);
                return write.Append(payload);
            },
            CancellationToken.None
        );
    }
}
