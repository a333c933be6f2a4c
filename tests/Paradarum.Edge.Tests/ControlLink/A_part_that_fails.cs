using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Testing;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>The host stops its server then, and the process would live on, keep its lease and answer nobody.</summary>
public sealed class A_part_that_fails
{
    [Fact]
    public async Task Is_the_end_of_its_node_and_who_started_it_hears_of_it()
    {
        using var folder = new TemporaryFolder();
        await using var control = await PlayedControl.StartAsync();
        var edge = new EdgeOptions { Name = "pop-1", Role = EdgeRole.Pop };
        var started = await NodeHost.StartAsync(
            new NodeHostOptions(edge, folder["node"], control.Url, Port: 0) { EnrolmentToken = "t" },
            default
        );
        await using var node = started.Ok(out var running, out var refusal)
            ? running
            : throw new InvalidOperationException(refusal.Message);
        node.Following.IsCompleted.ShouldBeFalse();

        // A mistake in the sweeper: it has swept what the snapshot brought, and says so.
        node.Services.GetRequiredService<NodeState>().SweptMore = () => throw new InvalidOperationException("a mistake");
        control.Say(
            new ControlMessage
            {
                Welcome = new Welcome
                {
                    Version = LinkVersion.Current,
                    Epoch = "log",
                    Fleet = new FleetView(),
                },
            }
        );
        control.Say(
            new ControlMessage
            {
                Snapshot = new SnapshotPart
                {
                    Epoch = "log",
                    Hash = ByteString.CopyFrom(Chain.Origin("log")),
                    Last = true,
                },
            }
        );

        var failed = await Should.ThrowAsync<IOException>(node.Following.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System));
        failed.Message.ShouldBe("Sweeper has failed: a mistake");
    }
}
