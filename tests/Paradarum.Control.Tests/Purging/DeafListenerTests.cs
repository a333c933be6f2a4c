using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Fleet;
using Paradarum.Control.Purging;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Back-pressure of event streams (contract part 2): who opens one and reads nothing costs a connection, and delays nobody. Over raw sockets.</summary>
[Collection(nameof(Memory_is_measured))]
public sealed class Listeners_that_read_nothing
{
    private const int Deaf = 100;

    /// <summary>As many as make one purge's events more than a megabyte: far beyond what sockets and the server's buffers hold for a listener.</summary>
    private static readonly FleetCensus ManyNodes = new([], [.. Enumerable.Range(0, 6_000).Select(n => $"node-{n:D12}")]);

    [Fact]
    public async Task Hold_no_memory_delay_nobody_and_are_hung_up_on()
    {
        await using var host = await PurgeHost.StartAsync();
        host.Census = ManyNodes;
        var location = (await host.Purge("""{"type":"All"}""")).Response.Headers.Location!.OriginalString;
        using var over = new CancellationTokenSource();
        var ticking = TickAsync(host, over.Token);
        var watches = host.Control.Plane.Services.GetRequiredService<PurgeWatches>();
        // Complete, else the first one may be told of a state that the others come too late for.
        (await host.Control.Client.GetAnswerAsync(location + "?wait=60s"))
            .Data.GetProperty("state")
            .GetString()
            .ShouldBe("complete");
        // One that reads, so that what is made once for all listeners is there already.
        var whole = await ReadAllAsync(host, location);
        whole.ShouldBeGreaterThan(1 << 20);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var sockets = await Task.WhenAll(Enumerable.Range(0, Deaf).Select(_ => ListenAsync(host, location)));
        await Eventually.Async(() => watches.Listeners == Deaf);
        (await ReadAllAsync(host, location)).ShouldBe(whole);
        // All of them are in the middle of it still.
        watches.Listeners.ShouldBe(Deaf);
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        // What each listener is still to read would be three times as much.
        held.ShouldBeLessThan(Deaf * whole / 3, $"{Deaf} listeners of {whole} bytes hold {held} bytes");

        // After a while they are hung up on, and their places are free.
        await Eventually.Async(
            () =>
            {
                host.Time.Advance(PurgeEvents.TakenWithin);
                return watches.Listeners == 0;
            },
            "they were hung up on"
        );
        foreach (var socket in sockets)
            socket.Dispose();
        await over.CancelAsync();
        await ticking;
    }

    /// <summary>The control plane's clock runs on, as fast as the machine's or slower.</summary>
    private static async Task TickAsync(PurgeHost host, CancellationToken stop)
    {
        var pause = TimeSpan.FromMilliseconds(5);
        while (!stop.IsCancellationRequested)
        {
            host.Time.Advance(pause);
            await Task.Delay(pause, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<long> ReadAllAsync(PurgeHost host, string location)
    {
        using var response = await host.Control.Client.GetAsync(location + "/events", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var (buffer, total, end) = (new byte[64 << 10], 0L, "");
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (await stream.ReadAsync(buffer, late.Token) is > 0 and var count)
            (total, end) = (total + count, Encoding.UTF8.GetString(buffer, Math.Max(0, count - 2), Math.Min(2, count)));
        end.ShouldEndWith("\n");
        return total;
    }

    private static async Task<Socket> ListenAsync(PurgeHost host, string location)
    {
        // A small window, as of a client that does not read: else the kernel takes in much of it.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, host.Control.Plane.Api.Port);
        var request = $"GET {location}/events HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {host.Control.Operator.ApiKey}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        return socket;
    }
}

/// <summary>What measures the memory of the process runs alone: others allocate meanwhile.</summary>
[CollectionDefinition(nameof(Memory_is_measured), DisableParallelization = true)]
public sealed class Memory_is_measured;
