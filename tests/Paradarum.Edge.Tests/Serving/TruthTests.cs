using System.Net;
using Paradarum.Edge.Serving;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>G8: Cache-Status and X-Cache say what was done, not what was meant.</summary>
public sealed class What_a_node_says_of_an_answer
{
    [Fact]
    public async Task Is_not_stored_for_a_body_above_the_bound()
    {
        var options = TestNode.Pop() with { LargestStoredBody = 1024 };
        await using var site = await OnePop.StartAsync(options: options);
        site.Serves(new string('x', 2000));
        var visit = await site.Visitor.GetAsync("/page");
        visit.Body.Length.ShouldBe(2000);
        visit.Headers["Cache-Status"].ShouldBe("paradarum-pop1; fwd=uri-miss; fwd-status=200; detail=too-large");
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Is_not_stored_for_a_fetch_that_a_purge_overtook()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("old");
        };
        var before = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Purge("Path", "/page");
        gate.Open();
        (await before).Headers["Cache-Status"].ShouldBe("paradarum-pop1; fwd=uri-miss; fwd-status=200; detail=purged");
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("Range", "bytes=2-4", null, 206, "cde")]
    [InlineData("Range", "bytes=-3", null, 206, "hij")]
    [InlineData("Range", "bytes=7-", null, 206, "hij")]
    [InlineData("Range", "bytes=7-99", null, 206, "hij")]
    [InlineData("Range", "bytes=-99", null, 206, "abcdefghij")]
    [InlineData("Range", "bytes=10-", null, 416, "")]
    [InlineData("Range", "bytes=-0", null, 416, "")]
    [InlineData("Range", "bytes=5-2", null, 200, "abcdefghij")]
    [InlineData("Range", "bytes=0-1,4-5", null, 206, "abcdef")]
    [InlineData("Range", "lines=0-1", null, 200, "abcdefghij")]
    [InlineData("Range", "bytes=2-4", "\"v1\"", 206, "cde")]
    [InlineData("Range", "bytes=2-4", "\"v2\"", 200, "abcdefghij")]
    [InlineData("Range", "bytes=2-4", "W/\"v1\"", 200, "abcdefghij")]
    [InlineData("Range", "bytes=2-4", "Sun, 01 Mar 2026 10:00:00 GMT", 206, "cde")]
    [InlineData("Range", "bytes=2-4", "Sun, 01 Mar 2026 10:00:01 GMT", 200, "abcdefghij")]
    [InlineData("If-None-Match", "W/\"v1\"", null, 304, "")]
    [InlineData("If-None-Match", "\"v2\", \"v1\"", null, 304, "")]
    [InlineData("If-None-Match", "\"v2\"", null, 200, "abcdefghij")]
    [InlineData("If-Modified-Since", "Sun, 01 Mar 2026 10:00:00 GMT", null, 304, "")]
    [InlineData("If-Modified-Since", "Sun, 01 Mar 2026 09:59:59 GMT", null, 200, "abcdefghij")]
    public async Task Is_right_for_every_part_and_condition(string name, string value, string? ifRange, int status, string body)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(
            "abcdefghij",
            "Cache-Control: max-age=60 | ETag: \"v1\" | Date: Sun, 01 Mar 2026 12:00:00 GMT | Last-Modified: Sun, 01 Mar 2026 10:00:00 GMT"
        );
        await site.Visitor.GetAsync("/page");
        (string, string)[] asked = ifRange is null ? [(name, value)] : [(name, value), ("If-Range", ifRange)];

        var visit = await site.Visitor.GetAsync("/page", asked);
        ((int)visit.Status, visit.Body).ShouldBe((status, body));
        (visit.Cache, visit.Headers["Cache-Status"]).ShouldBe(("HIT", "paradarum-pop1; hit; ttl=60"));
        if (status is 206 or 416)
            visit.Headers["Content-Range"].ShouldEndWith("/10");

        // A HEAD is never cut (RFC 9110 §14.2), and a condition means the same for it.
        var head = await site.Visitor.SendAsync(HttpMethod.Head, "/page", asked);
        (head.Status, head.Body).ShouldBe((status == 304 ? HttpStatusCode.NotModified : HttpStatusCode.OK, ""));
        if (head.Status == HttpStatusCode.OK)
            head.Headers["Content-Length"].ShouldBe("10");
        site.Origin.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Is_a_miss_for_a_condition_that_the_origin_was_not_asked_about()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("page", "Cache-Control: max-age=60 | ETag: \"v1\"");
        var visit = await site.Visitor.GetAsync("/page", ("If-None-Match", "\"v1\""));
        (visit.Status, visit.Cache).ShouldBe((HttpStatusCode.NotModified, "MISS"));
        // The whole was fetched, so it serves everyone.
        site.Origin.Last["If-None-Match"].ShouldBeNull();
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }
}
