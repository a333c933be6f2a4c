using System.Net;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>A control plane on a real port whose words are the test's: what another version would say.</summary>
internal sealed class PlayedControl : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Wire _wire;

    private PlayedControl(WebApplication app, Wire wire) => (_app, _wire) = (app, wire);

    public Uri Url => new(_app.Urls.Single());

    /// <summary>What the node says, message by message, over all its streams.</summary>
    public ChannelReader<NodeMessage> Heard => _wire.Heard.Reader;

    public static async Task<PlayedControl> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var wire = new Wire();
        builder.Services.AddSingleton(wire);
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync();
        return new PlayedControl(app, wire);
    }

    /// <summary>To whichever stream is open next.</summary>
    public void Say(ControlMessage message) => _wire.Words.Writer.TryWrite(message);

    public async ValueTask DisposeAsync()
    {
        _wire.Words.Writer.TryComplete();
        await _app.DisposeAsync();
    }

    internal sealed class Wire
    {
        public Channel<ControlMessage> Words { get; } = Channel.CreateUnbounded<ControlMessage>();

        public Channel<NodeMessage> Heard { get; } = Channel.CreateUnbounded<NodeMessage>();
    }

    private sealed class Service(Wire wire) : FleetLink.FleetLinkBase
    {
        public override Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context) =>
            Task.FromResult(
                new EnrolReply
                {
                    NodeId = "0123456789abcdef",
                    Credential = "pdn_x",
                    Role = NodeRole.Pop,
                    Name = "pop-1",
                }
            );

        public override async Task Follow(
            IAsyncStreamReader<NodeMessage> requestStream,
            IServerStreamWriter<ControlMessage> responseStream,
            ServerCallContext context
        )
        {
            var hearing = HearAsync(requestStream, context.CancellationToken);
            await foreach (var word in wire.Words.Reader.ReadAllAsync(context.CancellationToken))
                await responseStream.WriteAsync(word);
            await hearing;
        }

        private async Task HearAsync(IAsyncStreamReader<NodeMessage> incoming, CancellationToken stop)
        {
            while (await incoming.MoveNext(stop))
                wire.Heard.Writer.TryWrite(incoming.Current);
        }
    }
}
