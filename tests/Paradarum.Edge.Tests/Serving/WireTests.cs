using System.Net.Sockets;
using System.Text;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>What arrives byte by byte on a socket (RFC 9110 §7.6.1, RFC 9112).</summary>
public sealed class On_the_wire
{
    [Theory]
    [InlineData("POST /a HTTP/1.1\r\nHost: {0}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: {0}\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: {0}\r\nContent-Length: 1x\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: {0}\r\nTransfer-Encoding: gzip\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: {0}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: {0}\r\nX: a\r\n b\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost : {0}\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: {0}\r\nHost: other\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET /a b HTTP/1.1\r\nHost: {0}\r\n\r\n", "400")]
    [InlineData("GET * HTTP/1.1\r\nHost: {0}\r\nConnection: close\r\n\r\n", "405")]
    public async Task What_could_be_read_in_two_ways_is_refused_and_reaches_no_origin(string request, string status)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("hello", "Cache-Control: no-store");
        var answer = await ExchangeAsync(site, string.Format(System.Globalization.CultureInfo.InvariantCulture, request, Site.Host));
        answer.ShouldStartWith("HTTP/1.1 " + status);
        site.Origin.Requests.ShouldAllBe(seen => !seen.Body.Contains("GET", StringComparison.Ordinal));
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Both_framings_at_once_never_smuggle_a_second_request()
    {
        await using var site = await OnePop.StartAsync();
        var smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        await ExchangeAsync(
            site,
            $"POST /a HTTP/1.1\r\nHost: {Site.Host}\r\nContent-Length: {smuggled.Length}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{smuggled}"
        );
        site.Origin.CountOf("/smuggled").ShouldBe(0);
        site.Origin.Requests.ShouldAllBe(seen => seen["Content-Length"] == null || seen["Transfer-Encoding"] == null);
    }

    [Fact]
    public async Task Fields_that_end_here_go_no_further()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(
            "hello",
            "Cache-Control: max-age=60 | Connection: X-Inner | X-Inner: 1 | Keep-Alive: timeout=9 | X-Paradarum-Refused: epoch | X-Kept: 1"
        );
        var answer = await ExchangeAsync(
            site,
            $"GET /a HTTP/1.0\r\nHost: {Site.Host}\r\nConnection: X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\n"
                + "Proxy-Authorization: x\r\nX-Paradarum-Tier: 1\r\nX-Purge-Position: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Yours: 1\r\n\r\n"
        );
        answer.ShouldContain("X-Kept: 1");
        answer.ShouldNotContain("X-Inner");
        answer.ShouldNotContain("X-Paradarum");
        answer.ShouldNotContain("timeout=9");
        var seen = site.Origin.Last;
        seen["X-Yours"].ShouldBe("1");
        seen["X-Forwarded-For"].ShouldBe("127.0.0.1");
        seen["X-Forwarded-Proto"].ShouldBe("http");
        foreach (
            var name in (string[])
                ["X-Mine", "TE", "Keep-Alive", "Proxy-Authorization", "X-Paradarum-Tier", "X-Purge-Position", "X-Real-IP", "traceparent"]
        )
            seen[name].ShouldBeNull(name);
    }

    [Theory]
    [InlineData("close, X-Mine", false)]
    [InlineData("x-mine", false)]
    [InlineData("close", true)]
    public void A_field_that_connection_lists_is_meant_for_this_hop(string connection, bool goesOn) =>
        Paradarum.Edge.Serving.HeaderRules.GoesUpstream("X-Mine", connection, trusted: false).ShouldBe(goesOn);

    [Fact]
    public async Task A_field_that_connection_lists_selects_no_variant_either()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.RespondAsync(exchange.Request["Accept-Language"] ?? "none", "Cache-Control: max-age=60 | Vary: Accept-Language");
        await site.Visitor.GetAsync("/page", ("Accept-Language", "fr"), ("Connection", "Accept-Language"));
        // It never reached the origin, so what came back is not the French page.
        (await site.Visitor.GetAsync("/page", ("Accept-Language", "fr"))).Body.ShouldBe("fr");
    }

    [Fact]
    public async Task Headers_that_are_too_large_are_431()
    {
        await using var site = await OnePop.StartAsync();
        var answer = await ExchangeAsync(site, $"GET /a HTTP/1.1\r\nHost: {Site.Host}\r\nX: {new string('x', 40_000)}\r\n\r\n");
        answer.ShouldStartWith("HTTP/1.1 431");
    }

    [Fact]
    public async Task An_absolute_target_is_read_and_goes_upstream_as_a_path()
    {
        await using var site = await OnePop.StartAsync();
        var answer = await ExchangeAsync(
            site,
            $"GET http://{Site.Host}/a%7eb/../c?q HTTP/1.1\r\nHost: {Site.Host}\r\nConnection: close\r\n\r\n"
        );
        answer.ShouldStartWith("HTTP/1.1 200");
        site.Origin.Last.Target.ShouldBe("/c?q");
    }

    [Fact]
    public async Task Bytes_above_ascii_in_fields_pass_unchanged()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("hello", "Cache-Control: max-age=60 | X-Name: caf\u00c3\u00a9");
        for (var i = 0; i < 2; i++)
            (await ExchangeAsync(site, $"GET /a HTTP/1.1\r\nHost: {Site.Host}\r\nConnection: close\r\n\r\n")).ShouldContain(
                "X-Name: caf\u00c3\u00a9"
            );
    }

    [Fact]
    public async Task An_upgrade_is_passed_through_both_ways()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = async exchange =>
        {
            await exchange.SendAsync(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello from the origin"
            );
            exchange.Close();
        };
        var answer = await ExchangeAsync(
            site,
            $"GET /socket HTTP/1.1\r\nHost: {Site.Host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        );
        answer.ShouldStartWith("HTTP/1.1 101");
        answer.ShouldEndWith("hello from the origin");
        site.Origin.Last["Upgrade"].ShouldBe("websocket");
    }

    private static async Task<string> ExchangeAsync(OnePop site, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", site.Pop.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        // Every request here asks for the end of its connection, or is refused with it; five seconds are for the failure.
        using var all = new MemoryStream();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await client.GetStream().CopyToAsync(all, late.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Reset after the answer: what came counts.
        }
        return Encoding.Latin1.GetString(all.ToArray());
    }
}
