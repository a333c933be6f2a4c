using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Testing.Edge;

/// <summary>A real origin of WebSockets: speaks <c>chat</c>, says every message back, and <c>bye</c> at the end.</summary>
internal sealed class WebSocketOrigin : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebSocketOrigin(WebApplication app) => _app = app;

    public static async Task<WebSocketOrigin> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync("chat");
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { CloseStatus: null } received)
                await socket.SendAsync(
                    buffer.AsMemory(0, received.Count),
                    received.MessageType,
                    received.EndOfMessage,
                    context.RequestAborted
                );
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", context.RequestAborted);
        });
        await app.StartAsync();
        return new WebSocketOrigin(app);
    }

    /// <summary>The property with this as its origin.</summary>
    public PropertyConfiguration Of(PropertyConfiguration property) =>
        property with
        {
            Origins = [property.Origins[0] with { Port = new Uri(_app.Urls.First()).Port }],
        };

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
