using System.Net;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Contract part 3, <c>always_online</c>: stale instead of a failure, under the conditions that the property names.</summary>
public sealed class Always_Online
{
    [Theory]
    [InlineData(StaleConditions.Status500, "500 Internal Server Error")]
    [InlineData(StaleConditions.Status502, "502 Bad Gateway")]
    [InlineData(StaleConditions.Status503, "503 Service Unavailable")]
    [InlineData(StaleConditions.Status504, "504 Gateway Timeout")]
    [InlineData(StaleConditions.Status403, "403 Forbidden")]
    [InlineData(StaleConditions.Status404, "404 Not Found")]
    [InlineData(StaleConditions.Status429, "429 Too Many Requests")]
    public async Task Serves_stale_for_a_status_that_is_named_and_for_no_other(StaleConditions named, string status)
    {
        foreach (var condition in new[] { named, ~named & (StaleConditions)2047 })
        {
            await using var site = await StaleAsync(condition);
            site.Serves("broken", "Cache-Control: max-age=60", status);
            var visit = await site.Visitor.GetAsync("/page");
            if (condition == named)
            {
                visit
                    .Headers["Cache-Status"]
                    .ShouldBe($"paradarum-pop1; fwd=stale; fwd-status={status[..3]}; ttl=-10; detail=always-online");
                (visit.Status, visit.Cache, visit.Body).ShouldBe((HttpStatusCode.OK, "STALE", "old"));
                // The failure is not stored in its place: the second visitor is spared it too.
                (await site.Visitor.GetAsync("/page")).Body.ShouldBe("old");
            }
            else
                visit.Body.ShouldBe("broken");
        }
    }

    [Fact]
    public async Task Serves_stale_when_no_origin_can_be_reached()
    {
        await using var site = await StaleAsync(StaleConditions.Error);
        await site.Origin.DisposeAsync();
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("old");
    }

    [Fact]
    public async Task Serves_stale_when_the_origin_keeps_silent()
    {
        await using var site = await StaleAsync(StaleConditions.Timeout);
        var gate = new Gate();
        site.Origin.Script = exchange => gate.PassAsync();
        var visit = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Pop.Time.Advance(TimeSpan.FromSeconds(31));
        (await visit).Body.ShouldBe("old");
        gate.Open();
    }

    [Theory]
    [InlineData(StaleConditions.InvalidHeader, "old")]
    [InlineData(StaleConditions.Error, "The origin could not be reached.\n")]
    public async Task Tells_a_head_that_is_no_HTTP_from_a_broken_connection(StaleConditions condition, string body)
    {
        await using var site = await StaleAsync(condition);
        site.Origin.Script = exchange => exchange.SendAsync("HTTP/1.1 what\r\n\r\n");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe(body);
    }

    [Fact]
    public async Task Serves_stale_to_those_who_come_while_it_is_fetched_anew()
    {
        await using var site = await StaleAsync(StaleConditions.Updating);
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("new");
        };
        var first = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        var meanwhile = await site.Visitor.GetAsync("/page");
        (meanwhile.Cache, meanwhile.Body).ShouldBe(("STALE", "old"));
        meanwhile.Headers["Cache-Status"].ShouldBe("paradarum-pop1; hit; ttl=-10; detail=always-online");
        gate.Open();
        (await first).Body.ShouldBe("new");
        site.Origin.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Never_serves_what_was_purged()
    {
        await using var site = await StaleAsync((StaleConditions)2047);
        site.Purge("Path", "/page");
        site.Serves("broken", "", "503 Service Unavailable");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("broken");
    }

    [Fact]
    public async Task Never_serves_what_was_purged_while_the_origin_was_asked()
    {
        await using var site = await StaleAsync((StaleConditions)2047);
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("broken", "", "503 Service Unavailable");
        };
        var visit = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Purge("Path", "/page");
        gate.Open();
        (await visit).Body.ShouldBe("broken");
    }

    [Fact]
    public async Task Ends_with_the_grace()
    {
        await using var site = await StaleAsync((StaleConditions)2047);
        site.Serves("broken", "", "503 Service Unavailable");
        site.Pop.IsOwed();
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("old");
        site.Pop.IsFenced();
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("broken");
    }

    [Theory]
    [InlineData("must-revalidate", "broken")]
    [InlineData("proxy-revalidate", "broken")]
    [InlineData("s-maxage=60", "old")]
    public async Task Leaves_alone_what_the_origin_forbids_to_use_stale(string directive, string body)
    {
        await using var site = await StaleAsync((StaleConditions)2047, $"Cache-Control: max-age=60, {directive}");
        site.Serves("broken", "", "503 Service Unavailable");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe(body);
    }

    [Theory]
    [InlineData(StaleConditions.Error, "old")]
    [InlineData(StaleConditions.Status502, "The origin could not be reached.\n")]
    public async Task Hears_from_a_shield_what_went_wrong_with_the_origin(StaleConditions condition, string body)
    {
        await using var tiers = await TwoTiers.StartAsync(at => at with { AlwaysOnline = condition });
        tiers.Serves("old");
        await tiers.Visitor.GetAsync("/page");
        // The shield has lost its copy; the PoP has not.
        tiers.Shield.Restart();
        tiers.Shield.Time.Advance(TimeSpan.FromSeconds(70));
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(70));
        await tiers.Origin.DisposeAsync();
        var visit = await tiers.Visitor.GetAsync("/page");
        visit.Body.ShouldBe(body);
        visit.Headers.Keys.ShouldNotContain(name => name.StartsWith("X-Paradarum-", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A PoP whose copy of /page, "old", has been stale for 10 s.</summary>
    private static async Task<OnePop> StaleAsync(StaleConditions conditions, string fields = "Cache-Control: max-age=60")
    {
        var site = await OnePop.StartAsync(at => at with { AlwaysOnline = conditions });
        site.Serves("old", fields);
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(70));
        return site;
    }
}

/// <summary>Contract part 3, <c>browser_caching</c>.</summary>
public sealed class Browser_caching
{
    [Fact]
    public async Task Says_to_browsers_what_the_property_says_and_keeps_what_the_origin_said()
    {
        await using var site = await OnePop.StartAsync(at => at with { BrowserTtlSeconds = 600 });
        site.Serves("x", "Cache-Control: max-age=60 | Expires: Sun, 01 Mar 2026 12:01:00 GMT");
        var miss = await site.Visitor.GetAsync("/page");
        (miss.Headers["Cache-Control"], miss.Headers.ContainsKey("Expires")).ShouldBe(("max-age=600", false));
        site.Pop.Time.Advance(TimeSpan.FromSeconds(20));
        // A browser takes the age off again.
        var hit = await site.Visitor.GetAsync("/page");
        (hit.Cache, hit.Headers["Age"], hit.Headers["Cache-Control"]).ShouldBe(("HIT", "20", "max-age=620"));
        site.Pop.Time.Advance(TimeSpan.FromSeconds(50));
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("MISS", "the node goes by the origin");

        site.Log.Configure(Site.Id, Site.At(site.Origin));
        site.Pop.CatchUp();
        (await site.Visitor.GetAsync("/page")).Headers["Cache-Control"].ShouldBe("max-age=60");
    }

    [Theory]
    [InlineData("Cache-Control: private, max-age=5")]
    [InlineData("Cache-Control: no-store")]
    [InlineData("Cache-Control: max-age=5 | Set-Cookie: a=b")]
    [InlineData("Cache-Control: no-cache | ETag: \"1\"")]
    public async Task Leaves_alone_what_is_for_one_visitor_or_to_be_asked_about(string fields)
    {
        await using var site = await OnePop.StartAsync(at => at with { BrowserTtlSeconds = 600 });
        site.Serves("x", fields);
        var said = (await site.Visitor.GetAsync("/page")).Headers["Cache-Control"];
        said.ShouldNotContain("600");
    }

    [Fact]
    public async Task Is_for_visitors_and_not_for_the_tiers()
    {
        await using var tiers = await TwoTiers.StartAsync(at => at with { BrowserTtlSeconds = 600 });
        tiers.Serves("x");
        (await tiers.Visitor.GetAsync("/page")).Headers["Cache-Control"].ShouldBe("max-age=600");
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(70));
        tiers.Shield.Time.Advance(TimeSpan.FromSeconds(70));
        await tiers.Visitor.GetAsync("/page");
        tiers.Origin.Requests.Count.ShouldBe(2, "the PoP went by the origin's 60 s, which the shield passed on");
    }
}
