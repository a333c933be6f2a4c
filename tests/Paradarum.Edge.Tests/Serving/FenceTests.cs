using System.Net;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>G2, sentence by sentence (design section 3, The fence).</summary>
public sealed class Once_a_purge_is_applied
{
    [Theory]
    [InlineData("All", null, null)]
    [InlineData("Extension", "html", null)]
    [InlineData("Path", "/a/page.html", null)]
    [InlineData("Regex", "/a/page.html", "equals")]
    [InlineData("Regex", "/page", "contains")]
    [InlineData("Regex", "/a/", "starts_with")]
    [InlineData("Regex", ".html", "ends_with")]
    [InlineData("Regex", "^/a/.*l$", "regex")]
    public async Task What_was_stored_before_is_not_served_again(string type, string? value, string? matchType)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old");
        await site.Visitor.GetAsync("/a/page.html");
        await site.Visitor.GetAsync("/other.txt");
        site.Serves("new");

        site.Purge(type, value, matchType);

        var visit = await site.Visitor.GetAsync("/a/page.html");
        (visit.Cache, visit.Body).ShouldBe(("MISS", "new"));
        (await site.Visitor.GetAsync("/a/page.html")).Cache.ShouldBe("HIT");
        (await site.Visitor.GetAsync("/other.txt")).Body.ShouldBe(type == "All" ? "new" : "old");
    }

    [Fact]
    public async Task A_fetch_in_flight_is_delivered_to_who_waits_but_neither_joined_nor_stored()
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
        site.Serves("new");

        site.Purge("Path", "/page");
        var after = await site.Visitor.GetAsync("/page");
        gate.Open();

        (after.Cache, after.Body).ShouldBe(("MISS", "new"));
        (await before).Body.ShouldBe("old");
        var last = await site.Visitor.GetAsync("/page");
        (last.Cache, last.Body).ShouldBe(("HIT", "new"));
        site.Origin.CountOf("/page").ShouldBe(2);
    }

    [Fact]
    public async Task A_fetch_that_ends_after_it_stores_nothing_even_when_nobody_asked_meanwhile()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.StopsHalfway("old", gate);
        var before = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Purge("Regex", "^/pa", "regex");
        gate.Open();
        (await before).Body.ShouldBe("oldold");
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Those_who_come_later_share_the_next_fetch()
    {
        await using var site = await OnePop.StartAsync();
        var (first, second) = (new Gate(), new Gate());
        site.Origin.Script = async exchange =>
        {
            await first.PassAsync();
            await exchange.RespondAsync("old");
        };
        var before = site.Visitor.GetAsync("/page");
        await first.Arrived;
        site.Origin.Script = async exchange =>
        {
            await second.PassAsync();
            await exchange.RespondAsync("new");
        };
        site.Purge("All");

        var herd = Enumerable.Range(0, 20).Select(_ => site.Visitor.GetAsync("/page")).ToArray();
        await second.Arrived;
        await Eventually.Async(() => site.Origin.Requests.Count >= 2);
        second.Open();
        foreach (var visit in await Task.WhenAll(herd))
            visit.Body.ShouldBe("new");
        first.Open();
        (await before).Body.ShouldBe("old");
        site.Origin.CountOf("/page").ShouldBe(2);
    }

    [Fact]
    public async Task A_purged_page_is_not_even_asked_about()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        site.Purge("Path", "/page");
        await site.Visitor.GetAsync("/page");
        site.Origin.Last["If-None-Match"].ShouldBeNull();
    }

    [Fact]
    public async Task A_304_that_comes_after_it_does_not_bring_the_page_back()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request["If-None-Match"] is null)
            {
                await exchange.RespondAsync("new");
                return;
            }
            await gate.PassAsync();
            await exchange.NotModifiedAsync("ETag: \"v1\" | Cache-Control: max-age=60");
        };
        var revalidating = site.Visitor.GetAsync("/page");
        await gate.Arrived;

        site.Purge("Path", "/page");
        var after = await site.Visitor.GetAsync("/page");
        gate.Open();

        after.Body.ShouldBe("new");
        (await revalidating).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task A_head_is_not_answered_from_what_it_took()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("older");
        await site.Visitor.GetAsync("/page");
        site.Serves("new");
        site.Purge("Path", "/page");
        var head = await site.Visitor.SendAsync(HttpMethod.Head, "/page");
        (head.Cache, head.Headers["Content-Length"]).ShouldBe(("MISS", "3"));
    }

    [Fact]
    public async Task A_range_is_not_cut_from_what_it_took()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("older");
        await site.Visitor.GetAsync("/page");
        site.Serves("newer");
        site.Purge("Path", "/page");
        (await site.Visitor.GetAsync("/page", ("Range", "bytes=0-4"))).Body.ShouldBe("newer");
        site.Origin.CountOf("/page").ShouldBe(2);
    }

    [Fact]
    public async Task Stale_answers_end_for_errors_and_while_revalidating()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=1, stale-while-revalidate=600, stale-if-error=600");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(5));
        site.Purge("Path", "/page");
        site.Serves("down", "", "503 Service Unavailable");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("down");
    }

    [Fact]
    public async Task Until_the_snapshot_comes_a_node_that_dropped_everything_passes_visitors_on_and_keeps_nothing()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old");
        await site.Visitor.GetAsync("/page");
        site.Pop.State.DropAll();

        foreach (var body in new[] { "new", "newer" })
        {
            site.Serves(body);
            var visit = await site.Visitor.GetAsync("/page");
            (visit.Status, visit.Body).ShouldBe((HttpStatusCode.OK, body));
        }
        site.Pop.State.Index.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_node_that_has_left_serves_nobody_with_what_it_knew()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("page");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("page");

        site.Pop.State.DropAll(forGood: true);

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.MisdirectedRequest);
    }

    [Fact]
    public async Task Another_generation_is_neither_served_nor_stored()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old");
        await site.Visitor.GetAsync("/stored");
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("old");
        };
        var inFlight = site.Visitor.GetAsync("/flying");
        await gate.Arrived;

        site.Pop.State.DropAll();
        site.Pop.Restart();
        site.Serves("new");
        (await site.Visitor.GetAsync("/stored")).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/flying")).Body.ShouldBe("new");
        gate.Open();
        (await inFlight).Body.ShouldBe("old");
        (await site.Visitor.GetAsync("/flying")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Another_property_keeps_what_it_has()
    {
        await using var site = await OnePop.StartAsync();
        site.Log.Configure(8, Site.At(site.Origin) with { Name = "other", Hostnames = [new("other.cdn.localhost", Active: true)] });
        site.Pop.CatchUp();
        using var neighbour = new Visitor(site.Pop.Url, "other.cdn.localhost");
        await neighbour.GetAsync("/page");
        site.Purge("All");
        (await neighbour.GetAsync("/page")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Memory_that_it_freed_is_free()
    {
        await using var site = await OnePop.StartAsync();
        await site.Visitor.GetAsync("/page");
        site.Pop.Store.Count.ShouldBe(1);
        site.Purge("Path", "/page");
        await site.Visitor.SendAsync(HttpMethod.Head, "/other");
        await Eventually.Async(() => site.Pop.Store.Count == 1);
    }
}

/// <summary>RFC 9111 §4.4 and the last sentence of The fence.</summary>
public sealed class An_unsafe_request
{
    [Fact]
    public async Task Takes_the_page_it_changed_before_its_answer_is_relayed()
    {
        await using var site = await OnePop.StartAsync();
        await site.Visitor.GetAsync("/page");
        await site.Visitor.GetAsync("/else");
        var posted = await site.Visitor.SendAsync(HttpMethod.Post, "/page");
        (posted.Cache, posted.Headers["Cache-Status"]).ShouldBe(("BYPASS", "paradarum-pop1; fwd=method; fwd-status=200"));
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("MISS");
        (await site.Visitor.GetAsync("/else")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Takes_nothing_when_it_failed()
    {
        await using var site = await OnePop.StartAsync();
        await site.Visitor.GetAsync("/page");
        site.Serves("no", "", "403 Forbidden");
        await site.Visitor.SendAsync(HttpMethod.Delete, "/page");
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Takes_what_its_answer_locates_within_the_property_only()
    {
        await using var site = await OnePop.StartAsync();
        site.Log.Configure(8, Site.At(site.Origin) with { Name = "other", Hostnames = [new("other.cdn.localhost", Active: true)] });
        site.Pop.CatchUp();
        using var neighbour = new Visitor(site.Pop.Url, "other.cdn.localhost");
        await neighbour.GetAsync("/list");
        await site.Visitor.GetAsync("/list");
        site.Serves("ok", "Location: /list | Content-Location: http://other.cdn.localhost/list");
        await site.Visitor.SendAsync(HttpMethod.Post, "/form");
        site.Serves("hello");
        (await site.Visitor.GetAsync("/list")).Cache.ShouldBe("MISS");
        (await neighbour.GetAsync("/list")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Takes_what_its_answer_locates_on_its_own_host_only()
    {
        await using var site = await OnePop.StartAsync(property =>
            property with
            {
                Hostnames = [.. property.Hostnames, new("www.site.example", Active: true)],
            }
        );
        using var other = new Visitor(site.Pop.Url, "www.site.example");
        await other.GetAsync("/list");
        await site.Visitor.GetAsync("/list");
        await site.Visitor.GetAsync("/all");
        site.Serves("ok", "Location: /all | Content-Location: http://www.site.example/list");
        await site.Visitor.SendAsync(HttpMethod.Post, "/form");
        (await other.GetAsync("/list")).Cache.ShouldBe("HIT");
        (await site.Visitor.GetAsync("/list")).Cache.ShouldBe("HIT");
        (await site.Visitor.GetAsync("/all")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Keeps_a_get_in_flight_from_being_stored_or_joined()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request.Method == "GET")
                await gate.PassAsync();
            await exchange.RespondAsync("old");
        };
        var get = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        await site.Visitor.SendAsync(HttpMethod.Put, "/page");
        site.Serves("new");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("new");
        gate.Open();
        (await get).Body.ShouldBe("old");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("new");
    }
}
