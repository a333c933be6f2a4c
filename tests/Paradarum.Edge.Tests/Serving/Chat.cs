using System.Net.WebSockets;
using System.Text;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>A talk with a <see cref="WebSocketOrigin"/>, from beginning to end.</summary>
internal static class Chat
{
    public static async Task TalkAsync(this ClientWebSocket client, Uri address, HttpMessageInvoker? invoker = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        client.Options.AddSubProtocol("chat");
        await client.ConnectAsync(address, invoker, patience.Token);
        client.SubProtocol.ShouldBe("chat");
        foreach (var word in new[] { "hello", "again" })
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(word), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            var buffer = new byte[64];
            var received = await client.ReceiveAsync(buffer, patience.Token);
            Encoding.UTF8.GetString(buffer, 0, received.Count).ShouldBe(word);
        }
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", patience.Token);
        client.CloseStatusDescription.ShouldBe("bye");
    }
}
