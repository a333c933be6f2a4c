using System.Net;
using System.Text;
using Paradarum.Testing;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>RFC 9110 §14.2, §15.3.7 and §15.5.17, over a socket.</summary>
public sealed class Parts_of_a_stored_page
{
    private static readonly string Page = string.Concat(Enumerable.Range(0, 1000).Select(i => (char)('a' + (i % 26))));

    [Fact]
    public async Task Come_together_as_multipart_when_several_are_asked_for()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(Page, "Cache-Control: max-age=60 | Content-Type: text/plain | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");

        var visit = await site.Visitor.GetAsync("/page", ("Range", "bytes=500-509,0-4,-3"), ("If-Range", "\"v1\""));

        (visit.Status, visit.Cache, visit.Headers["ETag"]).ShouldBe((HttpStatusCode.PartialContent, "HIT", "\"v1\""));
        visit.Headers.Keys.ShouldNotContain("Content-Range");
        var type = visit.Headers["Content-Type"];
        type.ShouldStartWith("multipart/byteranges; boundary=");
        var boundary = type[(type.IndexOf('=', StringComparison.Ordinal) + 1)..];
        visit.Headers["Content-Length"].ShouldBe(Encoding.Latin1.GetByteCount(visit.Body).ToString());
        visit.Body.ShouldBe(
            Part("500-509", Page[500..510]) + Part("0-4", Page[..5]) + Part("997-999", Page[997..]) + $"\r\n--{boundary}--\r\n"
        );

        string Part(string range, string bytes) =>
            $"\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes {range}/1000\r\n\r\n{bytes}";
    }

    [Fact]
    public async Task Come_with_a_boundary_that_no_one_can_foretell()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(Page);
        await site.Visitor.GetAsync("/page");
        var types = new HashSet<string>();
        for (var i = 0; i < 10; i++)
            types.Add((await site.Visitor.GetAsync("/page", ("Range", "bytes=0-4,900-910"))).Headers["Content-Type"]);
        types.Count.ShouldBe(10);
    }

    /// <summary>The known attack: thousands of tiny or overlapping ranges. They cost no more than the page itself.</summary>
    [Fact]
    public async Task Never_add_up_to_more_than_the_whole_and_sixteen_heads()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(Page);
        await site.Visitor.GetAsync("/page");
        using var raw = new RawConnection(site.Pop.Port);
        foreach (var ranges in new[] { Repeated("0-", 1300), Repeated("0-", 16), Repeated("1-999,0-0", 8), Tiny(16), Tiny(17), Tiny(1000) })
        {
            var request = $"GET /page HTTP/1.1\r\nHost: {Paradarum.Testing.Edge.Site.Host}\r\nRange: bytes={ranges}\r\n\r\n";
            var answer = (await raw.SendAsync(Encoding.ASCII.GetBytes(request)))!;
            answer.Status.ShouldBeOneOf(200, 206);
            answer.Body.Length.ShouldBeLessThanOrEqualTo(1000 + (17 * 150));
        }

        static string Repeated(string spec, int times) => string.Join(',', Enumerable.Repeat(spec, times));
        static string Tiny(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"{i % 10 * 90}-{i % 10 * 90}"));
    }

    [Fact]
    public async Task Are_refused_with_416_where_none_can_be_had_unless_a_condition_comes_first()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(Page, "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        var none = await site.Visitor.GetAsync("/page", ("Range", "bytes=1000-,5000-6000"));
        ((int)none.Status, none.Headers["Content-Range"], none.Body).ShouldBe((416, "bytes */1000", ""));
        (await site.Visitor.GetAsync("/page", ("Range", "bytes=1000-"), ("If-Range", "\"v0\""))).Body.ShouldBe(Page);
        (await site.Visitor.GetAsync("/page", ("Range", "bytes=0-1"), ("If-None-Match", "\"v1\""))).Status.ShouldBe(
            HttpStatusCode.NotModified
        );
    }

    [Fact]
    public async Task Are_cut_from_what_was_confirmed()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(Page, "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));
        site.Origin.Script = exchange =>
            exchange.Request["If-None-Match"] == "\"v1\"" && exchange.Request["Range"] is null
                ? exchange.NotModifiedAsync("Cache-Control: max-age=60 | ETag: \"v1\"")
                : exchange.RespondAsync("?", "", "500 Not Asked So");
        var visit = await site.Visitor.GetAsync("/page", ("Range", "bytes=26-28"));
        (visit.Status, visit.Body, visit.Cache).ShouldBe((HttpStatusCode.PartialContent, "abc", "REVALIDATED"));
    }
}
