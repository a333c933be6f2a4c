using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>A hand-driven node on the real fleet port: what it says and hears is message by message the test's.</summary>
internal sealed class FleetPort(ControlHost host) : IDisposable
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(20);

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(
        host.Plane.Fleet,
        new GrpcChannelOptions { MaxReceiveMessageSize = LinkVersion.LargestMessage }
    );

    public FleetLink.FleetLinkClient Client => new(_channel);

    public FleetRegistry Registry => host.Plane.Services.GetRequiredService<FleetRegistry>();

    public FleetDesk Desk => host.Plane.Services.GetRequiredService<FleetDesk>();

    public PurgeProgress Progress => host.Plane.Services.GetRequiredService<PurgeProgress>();

    public async Task<EnrolReply> EnrolAsync(string name, NodeRole role)
    {
        var node = ControlHost.Opened(await Registry.CreateAsync(ControlHost.Somebody, name, role, CancellationToken.None));
        return await Client.EnrolAsync(new EnrolRequest { Token = node.EnrolmentToken });
    }

    public AsyncDuplexStreamingCall<NodeMessage, ControlMessage> Follow(string nodeId, string credential) =>
        Client.Follow(
            new Metadata { { FleetLinkService.NodeHeader, nodeId }, { FleetLinkService.CredentialHeader, credential } },
            DateTime.MaxValue
        );

    public async Task<PlayedNode> ConnectAsync(EnrolReply node, Hello? hello = null)
    {
        var played = new PlayedNode(Follow(node.NodeId, node.Credential));
        hello ??= new Hello();
        if (hello.InstanceId.Length == 0)
            hello.InstanceId = Guid.NewGuid().ToString("N");
        (hello.Version, hello.OldestVersion, hello.Url) = (LinkVersion.Current, LinkVersion.Oldest, "http://127.0.0.1:1");
        await played.SayAsync(new NodeMessage { Hello = hello });
        return played;
    }

    public void Dispose() => _channel.Dispose();

    /// <summary>The node's end of one stream.</summary>
    internal sealed class PlayedNode(AsyncDuplexStreamingCall<NodeMessage, ControlMessage> call) : IDisposable
    {
        public Task SayAsync(NodeMessage message) => call.RequestStream.WriteAsync(message);

        public Task BeatAsync(ulong sequence) => SayAsync(new NodeMessage { Heartbeat = new Heartbeat { Sequence = sequence } });

        public Task AckAsync(ulong position, ByteString hash, params PurgeCount[] counts) =>
            SayAsync(
                new NodeMessage
                {
                    Ack = new Ack
                    {
                        Position = position,
                        Hash = hash,
                        Counts = { counts },
                    },
                }
            );

        /// <summary>The next message, or null when the stream is over.</summary>
        public async Task<ControlMessage?> HearAsync()
        {
            using var late = new CancellationTokenSource(LongEnough, TimeProvider.System);
            return await call.ResponseStream.MoveNext(late.Token) ? call.ResponseStream.Current : null;
        }

        /// <summary>The next message of this kind; others are passed over.</summary>
        public async Task<ControlMessage> HearAsync(ControlMessage.BodyOneofCase kind)
        {
            while (await HearAsync() is { } message)
            {
                if (message.BodyCase == kind)
                    return message;
            }
            throw new InvalidOperationException($"The stream ended before {kind}.");
        }

        public void Dispose() => call.Dispose();
    }
}
