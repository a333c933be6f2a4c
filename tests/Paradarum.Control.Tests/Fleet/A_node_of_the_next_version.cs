using Google.Protobuf;
using Grpc.Core;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Hello negotiates; what the other version says beyond this one is passed over. Played on the wire.</summary>
public sealed class A_node_of_the_next_version
{
    /// <summary>Field 50, which this version has nowhere: a text of two bytes.</summary>
    private static readonly byte[] LaterField = [0x92, 0x03, 0x02, (byte)'n', (byte)'w'];

    [Fact]
    public async Task Joins_with_the_version_that_both_speak_and_is_followed_in_what_is_known()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        var node = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var played = new FleetPort.PlayedNode(port.Follow(node.NodeId, node.Credential));
        var hello = new Hello
        {
            Version = LinkVersion.Current + 1,
            OldestVersion = LinkVersion.Current,
            InstanceId = "next",
            Url = "http://127.0.0.1:1",
        };

        await played.SayAsync(new NodeMessage { Hello = Hello.Parser.ParseFrom([.. hello.ToByteArray(), .. LaterField]) });
        (await played.HearAsync())!.Welcome.Version.ShouldBe(LinkVersion.Current);
        var snapshot = (await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await played.SayAsync(NodeMessage.Parser.ParseFrom(LaterField)); // a message of a kind that is not known here
        await played.AckAsync(snapshot.Position, snapshot.Hash);
        await played.SayAsync(
            new NodeMessage { Heartbeat = Heartbeat.Parser.ParseFrom([.. new Heartbeat { Sequence = 1 }.ToByteArray(), .. LaterField]) }
        );

        (await played.HearAsync(ControlMessage.BodyOneofCase.Grant)).Grant.Heartbeat.ShouldBe(1UL);
        await Eventually.Async(() => port.Registry.List().Single().Healthy, "it is healthy");
    }

    [Fact]
    public async Task That_says_it_does_not_understand_a_property_is_shown_to_the_operator()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        using var played = await port.ConnectAsync(await port.EnrolAsync("pop1", NodeRole.Pop));
        await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot);
        await played.SayAsync(
            new NodeMessage
            {
                Heartbeat = new Heartbeat { Sequence = 1, PassingThrough = 3 },
            }
        );
        await played.HearAsync(ControlMessage.BodyOneofCase.Grant);

        (await host.Client.GetAnswerAsync("/api/node")).Data[0].GetProperty("passingThrough").GetInt32().ShouldBe(3);
    }
}
