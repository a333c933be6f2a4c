using System.Net.Sockets;
using System.Text;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Issue 4, Safe: slow visitors, slow origins and large bodies are bounded in memory.</summary>
[Collection(nameof(Memory_is_measured))]
public sealed class Memory_of_a_node
{
    private const long Store = 16 << 20;

    [Fact]
    public async Task Stays_within_its_bound_while_a_file_many_times_its_size_goes_through()
    {
        var options = TestNode.Pop() with { StoreBytes = Store, LargestStoredBody = 4 << 20 };
        await using var site = await OnePop.StartAsync(options: options);
        var file = new LargeFile(10_000_000_000);
        site.Origin.Script = file.AnswerAsync;
        await using var download = await Download.BeginAsync(site.Pop, "/film");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        for (var at = 0L; at < 160 << 20; at += 512 << 10)
        {
            (await download.ReadAsync(512 << 10)).AsSpan().SequenceEqual(file.Bytes(at, 512 << 10)).ShouldBeTrue($"wrong bytes after {at}");
            if (at % (8 << 20) != 0)
                continue;
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            site.Pop.Store.Bytes.ShouldBeLessThanOrEqualTo(Store);
        }
        // The store, the slices under way, and what this test holds itself.
        most.ShouldBeLessThan(Store + (16 << 20));
    }

    [Theory]
    [InlineData("/film", 10_000_000_000, true)] // in slices
    [InlineData("/stream", 10_000_000_000, false)] // through a window
    public async Task Does_not_grow_with_visitors_who_stop_reading(string target, long length, bool ranges)
    {
        var options = TestNode.Pop() with
        {
            StoreBytes = Store,
            LargestStoredBody = 1 << 20,
            WindowBytes = 256 << 10,
            SliceBytes = 256 << 10,
        };
        await using var site = await OnePop.StartAsync(options: options);
        var file = new LargeFile(length) { Fields = ranges ? "Cache-Control: max-age=60" : "Cache-Control: no-store" };
        site.Origin.Script = exchange => exchange.Request.Target == "/other" ? exchange.RespondAsync("hello") : file.AnswerAsync(exchange);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var visitors = new List<TcpClient>();
        for (var i = 0; i < 40; i++)
        {
            var visitor = new TcpClient { ReceiveBufferSize = 4096 };
            await visitor.ConnectAsync("127.0.0.1", site.Pop.Port);
            var part = ranges ? $"Range: bytes={i * 100_000_000L}-\r\n" : "";
            await visitor.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {Site.Host}\r\n{part}\r\n"));
            (await visitor.GetStream().ReadAsync(new byte[100])).ShouldBeGreaterThan(0);
            visitors.Add(visitor);
        }
        await SettledAsync(site);

        // One slice and what the connection buffers for each visitor, or a window; and the store.
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(Store + (40 * (1 << 20)));
        site.Pop.Store.Bytes.ShouldBeLessThanOrEqualTo(Store);
        // Nothing is fetched for who does not read, but what the kernel takes: 8 MiB of as many GB.
        site.Origin.Requests.Count.ShouldBeLessThan(ranges ? 40 * 32 : 42);
        foreach (var visitor in visitors)
            visitor.Dispose();
        await Eventually.Async(() => !site.Pop.State.Index.Fetches(Site.Id).Any());
    }

    /// <summary>What was promised is not set aside: memory is taken as bytes come.</summary>
    [Fact]
    public async Task Does_not_grow_with_an_origin_that_stalls()
    {
        const int Pages = 100;
        var options = TestNode.Pop() with { StoreBytes = 1L << 30, LargestStoredBody = 32 << 20 };
        await using var site = await OnePop.StartAsync(options: options);
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync($"Cache-Control: max-age=60 | Content-Length: {32 << 20}");
            await exchange.SendAsync("x");
            await gate.PassAsync();
            exchange.Close();
        };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var downloads = new List<Download>();
        for (var i = 0; i < Pages; i++)
        {
            var download = await Download.BeginAsync(site.Pop, $"/{i}");
            (await download.ReadAsync(1)).ShouldBe("x"u8.ToArray());
            downloads.Add(download);
        }
        // A segment of 64 KiB and the connections' own buffers for each, of 32 MiB that were promised.
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(Pages * (512 << 10));
        gate.Open();
        foreach (var download in downloads)
            await download.DisposeAsync();
    }

    /// <summary>Until no fetch brings anything more: everyone waits for somebody who does not read.</summary>
    private static async Task SettledAsync(OnePop site)
    {
        var (requests, stood) = (-1, 0);
        await Eventually.Async(async () =>
        {
            await site.Visitor.SendAsync(HttpMethod.Head, "/other");
            var now = site.Origin.Requests.Count;
            stood = now == requests ? stood + 1 : 0;
            requests = now;
            return stood > 50;
        });
    }
}

/// <summary>What measures the memory of the process runs alone.</summary>
[CollectionDefinition(nameof(Memory_is_measured), DisableParallelization = true)]
public sealed class Memory_is_measured;
