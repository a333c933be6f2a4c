using System.Net.Sockets;
using System.Text;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

public sealed class A_response_that_is_under_way
{
    [Fact]
    public async Task Reaches_every_visitor_before_its_last_byte_has_left_the_origin()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync("Cache-Control: max-age=60 | Content-Length: 10");
            await exchange.SendAsync("first");
            await gate.PassAsync();
            await exchange.SendAsync("later");
        };
        using var client = new HttpClient();
        var streams = new List<Stream>();
        for (var i = 0; i < 5; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, site.Pop.Url + "/page");
            request.Headers.Host = Site.Host;
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var stream = await response.Content.ReadAsStreamAsync();
            (await ReadAsync(stream, 5)).ShouldBe("first");
            streams.Add(stream);
        }
        gate.Open();
        foreach (var stream in streams)
            (await ReadAsync(stream, 5)).ShouldBe("later");
        site.Origin.CountOf("/page").ShouldBe(1);
    }

    [Fact]
    public async Task Is_fetched_once_for_all_who_ask_at_the_same_time()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("hello");
        };
        var herd = Enumerable.Range(0, 30).Select(_ => site.Visitor.GetAsync("/page")).ToArray();
        await gate.Arrived;
        gate.Open();
        var visits = await Task.WhenAll(herd);
        visits.ShouldAllBe(visit => visit.Body == "hello");
        site.Origin.CountOf("/page").ShouldBe(1);
    }

    [Fact]
    public async Task Is_not_waited_for_by_others_when_it_is_private()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange => exchange.RespondAsync(exchange.Request["X-Who"]!, "Cache-Control: private");
        var visits = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => site.Visitor.GetAsync("/page", ("X-Who", $"visitor {i}"))));
        visits.Select(visit => visit.Body).ShouldBe(Enumerable.Range(0, 20).Select(i => $"visitor {i}"));
    }

    [Theory]
    [InlineData("length", false)]
    [InlineData("length", true)]
    [InlineData("chunked", false)]
    [InlineData("chunked", true)]
    public async Task Is_not_stored_and_ends_the_visitors_connection_when_it_breaks_off(string framing, bool reset)
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync(
                "Cache-Control: max-age=60 | " + (framing == "length" ? "Content-Length: 9" : "Transfer-Encoding: chunked")
            );
            await exchange.SendAsync(framing == "length" ? "half" : "4\r\nhalf\r\n");
            await gate.PassAsync();
            if (reset)
                exchange.Reset();
            else
                exchange.Close();
        };
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Pop.Url + "/page");
        request.Headers.Host = Site.Host;
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        (await ReadAsync(stream, 4)).ShouldBe("half");
        gate.Open();
        var failure = await Record.ExceptionAsync(async () => (await stream.ReadAsync(new byte[9])).ShouldNotBe(0));
        (failure is IOException or HttpRequestException).ShouldBeTrue(failure?.ToString());
        site.Pop.Store.Count.ShouldBe(0);
        site.Serves("whole");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("whole");
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Is_stored_when_the_end_of_the_connection_ends_it_only_if_that_was_in_order(bool inOrder, int stored)
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync("Cache-Control: max-age=60");
            await exchange.SendAsync("all of it");
            if (inOrder)
                exchange.Close();
            else
                exchange.Reset();
        };
        var failure = await Record.ExceptionAsync(() => site.Visitor.GetAsync("/page"));
        (failure is null).ShouldBe(inOrder);
        await Eventually.Async(() => !site.Pop.State.Index.Fetches(Site.Id).Any());
        site.Pop.Store.Count.ShouldBe(stored);
    }

    [Fact]
    public async Task Is_stored_although_the_visitor_left()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("hello");
        };
        using (var visitor = new TcpClient())
        {
            await visitor.ConnectAsync("127.0.0.1", site.Pop.Port);
            await visitor.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /page HTTP/1.1\r\nHost: {Site.Host}\r\n\r\n"));
            await gate.Arrived;
        }
        gate.Open();
        await Eventually.Async(() => site.Pop.Store.Count == 1);
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Of_more_than_the_bound_goes_through_a_window_and_is_not_stored()
    {
        var small = TestNode.Pop() with { LargestStoredBody = 1024, WindowBytes = 64 << 10 };
        await using var site = await OnePop.StartAsync(options: small);
        var body = string.Concat(Enumerable.Range(0, 200_000).Select(i => (char)('a' + (i % 26))));
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request.Target == "/known")
            {
                await exchange.RespondAsync(body);
                return;
            }
            await exchange.BeginAsync("Cache-Control: max-age=60 | Transfer-Encoding: chunked");
            await exchange.SendAsync($"{body.Length:x}\r\n{body}\r\n0\r\n\r\n");
        };
        (await site.Visitor.GetAsync("/known")).Body.ShouldBe(body);
        (await site.Visitor.GetAsync("/chunked")).Body.ShouldBe(body);
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Leaves_the_store_within_its_bound()
    {
        var small = TestNode.Pop() with { StoreBytes = 1 << 20, LargestStoredBody = 100_000 };
        await using var site = await OnePop.StartAsync(options: small);
        site.Serves(new string('x', 50_000));
        for (var i = 0; i < 60; i++)
            await site.Visitor.GetAsync($"/{i}");
        site.Pop.Store.Bytes.ShouldBeInRange(500_000, 1 << 20);
        site.Pop.State.Index.Count.ShouldBe(site.Pop.Store.Count);
    }

    private static async Task<string> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes);
        return Encoding.ASCII.GetString(bytes);
    }
}
