using Google.Protobuf;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Serving;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Testing;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>A real node, and a control plane of another version played on the wire.</summary>
public sealed class A_control_plane_of_another_version
{
    /// <summary>Field 50, which this version has nowhere: a text of two bytes.</summary>
    private static readonly byte[] LaterField = [0x92, 0x03, 0x02, (byte)'n', (byte)'w'];

    [Fact]
    public async Task Is_followed_in_what_is_known_and_told_what_is_not()
    {
        using var folder = new TemporaryFolder();
        await using var control = await PlayedControl.StartAsync();
        await using var node = await StartAsync(control, folder["node"]);
        var hello = await HearAsync(control, NodeMessage.BodyOneofCase.Hello);
        (hello.Hello.OldestVersion, hello.Hello.Version).ShouldBe((LinkVersion.Oldest, LinkVersion.Current));

        control.Say(
            new ControlMessage
            {
                Welcome = Later(
                    new Welcome
                    {
                        Version = LinkVersion.Current,
                        Epoch = "log",
                        Fleet = new FleetView(),
                    },
                    Welcome.Parser
                ),
            }
        );
        control.Say(ControlMessage.Parser.ParseFrom(LaterField)); // a message of a kind that is not known here
        control.Say(
            new ControlMessage
            {
                Snapshot = new SnapshotPart
                {
                    Epoch = "log",
                    Hash = ByteString.CopyFrom(Chain.Origin("log")),
                    Properties =
                    {
                        Later(
                            new PropertySnapshot
                            {
                                PropertyId = 7,
                                Property = new PropertyBody { Name = "shop" },
                            },
                            PropertySnapshot.Parser
                        ),
                    },
                    Last = true,
                },
            }
        );
        var beat = await HearAsync(control, NodeMessage.BodyOneofCase.Heartbeat);
        control.Say(
            new ControlMessage
            {
                Grant = Later(new Grant { Heartbeat = beat.Heartbeat.Sequence, LeaseMilliseconds = 60_000 }, Grant.Parser),
            }
        );

        await node.Lease.First.WaitAsync(TimeSpan.FromSeconds(20));
        node.Lease.State.ShouldBe(LeaseState.Leased);
        node.State.Current.Properties[7].PassThrough.ShouldBeTrue("its configuration holds what this version does not know");
        var later = await HearAsync(control, NodeMessage.BodyOneofCase.Heartbeat, message => message.Heartbeat.PassingThrough > 0);
        later.Heartbeat.PassingThrough.ShouldBe(1);
    }

    [Fact]
    public async Task Is_not_followed_when_it_speaks_a_version_that_this_node_does_not()
    {
        using var folder = new TemporaryFolder();
        await using var control = await PlayedControl.StartAsync();
        await using var node = await StartAsync(control, folder["node"]);
        await HearAsync(control, NodeMessage.BodyOneofCase.Hello);

        control.Say(
            new ControlMessage
            {
                Welcome = new Welcome
                {
                    Version = LinkVersion.Current + 1,
                    Epoch = "log",
                    Fleet = new FleetView(),
                },
            }
        );

        await HearAsync(control, NodeMessage.BodyOneofCase.Hello); // it knocks again
        control.Heard.TryPeek(out _).ShouldBeFalse("no heartbeat, no acknowledgement");
        node.Lease.State.ShouldBe(LeaseState.Fenced);
    }

    private static async Task<NodeHost> StartAsync(PlayedControl control, string folder)
    {
        var edge = new EdgeOptions { Name = "pop-1", Role = EdgeRole.Pop };
        var started = await NodeHost.StartAsync(new NodeHostOptions(edge, folder, control.Url, Port: 0) { EnrolmentToken = "t" }, default);
        return started.Ok(out var node, out var refusal) ? node : throw new InvalidOperationException(refusal.Message);
    }

    private static async Task<NodeMessage> HearAsync(
        PlayedControl control,
        NodeMessage.BodyOneofCase kind,
        Func<NodeMessage, bool>? wanted = null
    )
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (true)
        {
            var message = await control.Heard.ReadAsync(late.Token);
            if (message.BodyCase == kind && wanted?.Invoke(message) != false)
                return message;
        }
    }

    private static T Later<T>(T message, MessageParser<T> parser)
        where T : IMessage<T> => parser.ParseFrom([.. message.ToByteArray(), .. LaterField]);
}
