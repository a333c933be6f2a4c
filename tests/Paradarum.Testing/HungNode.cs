using Grpc.Core;
using Grpc.Net.Client;
using Paradarum.Protocol.Link;

namespace Paradarum.Testing;

/// <summary>A shield that takes its snapshot, heartbeats on, and never applies a record: alive, and as good as dead.</summary>
internal sealed class HungNode : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<NodeMessage, ControlMessage> _stream;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _oneWriter = new(1, 1);
    private readonly Task _reading;
    private readonly Task _beating;
    private int _heartbeats;

    private HungNode(GrpcChannel channel, AsyncDuplexStreamingCall<NodeMessage, ControlMessage> stream, TimeSpan heartbeatEvery)
    {
        (_channel, _stream) = (channel, stream);
        _reading = ReadAsync();
        _beating = BeatAsync(heartbeatEvery);
    }

    /// <summary>Completes with the first lease.</summary>
    public Task Granted => _granted.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public int Heartbeats => Volatile.Read(ref _heartbeats);

    public static async Task<HungNode> ConnectAsync(Uri control, string token, TimeSpan heartbeatEvery)
    {
        var channel = GrpcChannel.ForAddress(control);
        var client = new FleetLink.FleetLinkClient(channel);
        var enrolled = await client.EnrolAsync(new EnrolRequest { Token = token });
        var stream = client.Follow(new Metadata { { "paradarum-node", enrolled.NodeId }, { "paradarum-credential", enrolled.Credential } });
        await stream.RequestStream.WriteAsync(
            new NodeMessage
            {
                Hello = new Hello
                {
                    Version = LinkVersion.Current,
                    OldestVersion = LinkVersion.Oldest,
                    InstanceId = Guid.NewGuid().ToString("N"),
                    Url = "http://127.0.0.1:9",
                },
            }
        );
        return new HungNode(channel, stream, heartbeatEvery);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stream.Dispose();
        await Task.WhenAll(_reading, _beating);
        _channel.Dispose();
        _stop.Dispose();
        _oneWriter.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var message in _stream.ResponseStream.ReadAllAsync(_stop.Token))
            {
                if (message.Snapshot is { Last: true } snapshot)
                    await WriteAsync(
                        new NodeMessage
                        {
                            Ack = new Ack { Position = snapshot.Position, Hash = snapshot.Hash },
                        }
                    );
                if (message.Grant is not null)
                    _granted.TrySetResult();
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // Disposed, or the control plane is gone.
        }
    }

    private async Task BeatAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            do await WriteAsync(new NodeMessage { Heartbeat = new Heartbeat { Sequence = (ulong)Interlocked.Increment(ref _heartbeats) } });
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // Disposed, or the control plane is gone.
        }
    }

    private async Task WriteAsync(NodeMessage message)
    {
        await _oneWriter.WaitAsync(_stop.Token);
        try
        {
            await _stream.RequestStream.WriteAsync(message, _stop.Token);
        }
        finally
        {
            _oneWriter.Release();
        }
    }
}
