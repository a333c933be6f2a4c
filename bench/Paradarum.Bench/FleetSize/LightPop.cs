using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Paradarum.Protocol.Link;

namespace Paradarum.Bench.FleetSize;

/// <summary>A PoP without a cache: follows the log over a connection of its own and acknowledges what it is sent.</summary>
internal sealed class LightPop : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<NodeMessage, ControlMessage> _stream;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<NodeMessage> _outgoing = Channel.CreateUnbounded<NodeMessage>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly Task _running;

    private LightPop(GrpcChannel channel, AsyncDuplexStreamingCall<NodeMessage, ControlMessage> stream, TimeSpan beat)
    {
        (_channel, _stream) = (channel, stream);
        _running = Task.WhenAll(ReadAsync(), WriteAsync(), BeatAsync(beat));
    }

    public Task Granted => _granted.Task;

    public static async Task<LightPop> ConnectAsync(int fleetPort, string token, TimeSpan beat)
    {
        var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{fleetPort}");
        var client = new FleetLink.FleetLinkClient(channel);
        var enrolled = await client.EnrolAsync(new EnrolRequest { Token = token });
        var stream = client.Follow(new Metadata { { "paradarum-node", enrolled.NodeId }, { "paradarum-credential", enrolled.Credential } });
        var hello = new Hello
        {
            Version = LinkVersion.Current,
            OldestVersion = LinkVersion.Oldest,
            InstanceId = enrolled.NodeId,
            Url = "http://127.0.0.1:9",
        };
        await stream.RequestStream.WriteAsync(new NodeMessage { Hello = hello });
        return new LightPop(channel, stream, beat);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stream.Dispose();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        await foreach (var message in _stream.ResponseStream.ReadAllAsync(_stop.Token))
        {
            switch (message)
            {
                case { Snapshot: { Last: true } snapshot }:
                    Acknowledge(snapshot.Position, snapshot.Hash);
                    break;
                case { Records: { Records_: [.., var last] } }:
                    Acknowledge(last.Position, last.Hash);
                    break;
                case { Grant: not null }:
                    _granted.TrySetResult();
                    break;
            }
        }
    }

    private void Acknowledge(ulong position, Google.Protobuf.ByteString hash) =>
        _outgoing.Writer.TryWrite(
            new NodeMessage
            {
                Ack = new Ack { Position = position, Hash = hash },
            }
        );

    private async Task WriteAsync()
    {
        await foreach (var message in _outgoing.Reader.ReadAllAsync(_stop.Token))
            await _stream.RequestStream.WriteAsync(message, _stop.Token);
    }

    private async Task BeatAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        ulong sequence = 0;
        do _outgoing.Writer.TryWrite(new NodeMessage { Heartbeat = new Heartbeat { Sequence = ++sequence } });
        while (await timer.WaitForNextTickAsync(_stop.Token));
    }
}
