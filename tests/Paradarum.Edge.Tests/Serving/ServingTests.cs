using System.Net;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

public sealed class A_pop_in_front_of_an_origin
{
    [Fact]
    public async Task Fetches_once_and_then_answers_from_its_store()
    {
        await using var site = await OnePop.StartAsync();

        var first = await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(5));
        var second = await site.Visitor.GetAsync("/page");

        (first.Cache, first.Body).ShouldBe(("MISS", "hello"));
        (second.Cache, second.Body).ShouldBe(("HIT", "hello"));
        first.Headers["Cache-Status"].ShouldBe("paradarum-pop1; fwd=uri-miss; fwd-status=200; ttl=60; stored");
        second.Headers["Cache-Status"].ShouldBe("paradarum-pop1; hit; ttl=55");
        second.Headers["Age"].ShouldBe("5");
        second.Headers["Via"].ShouldBe("1.1 paradarum-pop1");
        site.Origin.CountOf("/page").ShouldBe(1);
    }

    [Fact]
    public async Task Answers_head_from_what_a_get_stored_and_stores_for_get_what_a_head_asked()
    {
        await using var site = await OnePop.StartAsync();

        var head = await site.Visitor.SendAsync(HttpMethod.Head, "/page");
        var get = await site.Visitor.GetAsync("/page");
        var again = await site.Visitor.SendAsync(HttpMethod.Head, "/page");

        (head.Cache, head.Body, head.Headers["Content-Length"]).ShouldBe(("MISS", "", "5"));
        get.Body.ShouldBe("hello");
        (again.Cache, again.Body, again.Headers["Content-Length"]).ShouldBe(("HIT", "", "5"));
        site.Origin.CountOf("/page").ShouldBe(1);
    }

    [Fact]
    public async Task Answers_304_to_a_visitor_who_holds_the_page()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("hello", "Cache-Control: max-age=60 | ETag: \"v1\"");

        var miss = await site.Visitor.GetAsync("/page", ("If-None-Match", "\"v1\""));
        var hit = await site.Visitor.GetAsync("/page", ("If-None-Match", "W/\"v1\""));
        var other = await site.Visitor.GetAsync("/page", ("If-None-Match", "\"v2\""));

        (miss.Status, miss.Body, miss.Cache).ShouldBe((HttpStatusCode.NotModified, "", "MISS"));
        (hit.Status, hit.Headers["ETag"], hit.Cache).ShouldBe((HttpStatusCode.NotModified, "\"v1\"", "HIT"));
        (other.Status, other.Body).ShouldBe((HttpStatusCode.OK, "hello"));
        // The fetch for the store asked for the whole page, whatever its first visitor held.
        site.Origin.Last["If-None-Match"].ShouldBeNull();
    }

    [Fact]
    public async Task Keeps_variants_apart_by_what_the_origin_varies_on()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.RespondAsync(exchange.Request["Accept-Language"] ?? "none", "Cache-Control: max-age=60 | Vary: Accept-Language");

        (await site.Visitor.GetAsync("/page", ("Accept-Language", "de"))).Body.ShouldBe("de");
        var other = await site.Visitor.GetAsync("/page", ("Accept-Language", "en"));
        var again = await site.Visitor.GetAsync("/page", ("Accept-Language", "de"));

        (other.Body, other.Cache).ShouldBe(("en", "MISS"));
        other.Headers["Cache-Status"].ShouldContain("fwd=vary-miss");
        (again.Body, again.Cache).ShouldBe(("de", "HIT"));
    }

    [Fact]
    public async Task Keeps_so_many_variants_of_one_url_and_the_least_recently_used_goes_for_the_next()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange => exchange.RespondAsync(exchange.Request["X-Who"]!, "Cache-Control: max-age=60 | Vary: X-Who");
        for (var i = 0; i < ResponseStore.MostVariants; i++)
            await site.Visitor.GetAsync("/page", ("X-Who", $"{i}"));
        site.Pop.Time.Advance(TimeSpan.FromSeconds(1));
        foreach (var used in new[] { 0, 2 })
            (await site.Visitor.GetAsync("/page", ("X-Who", $"{used}"))).Cache.ShouldBe("HIT");
        site.Pop.Store.CrowdedOut.ShouldBe(0);

        (await site.Visitor.GetAsync("/page", ("X-Who", "one more"))).Cache.ShouldBe("MISS");
        (site.Pop.Store.Count, site.Pop.Store.CrowdedOut).ShouldBe((ResponseStore.MostVariants, 1L));
        foreach (var kept in new[] { "0", "2", "3", "31", "one more" })
            (await site.Visitor.GetAsync("/page", ("X-Who", kept))).Cache.ShouldBe("HIT");
        (await site.Visitor.GetAsync("/page", ("X-Who", "1"))).Cache.ShouldBe("MISS");
    }

    /// <summary>RFC 9111 §4.3.5.</summary>
    [Theory]
    [InlineData("ETag: \"v2\"", "MISS")]
    [InlineData("ETag: \"v1\" | Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT", "MISS")]
    [InlineData("ETag: \"v1\" | Content-Length: 6", "MISS")]
    [InlineData("ETag: \"v1\" | Last-Modified: Sun, 01 Mar 2026 10:00:00 GMT | Content-Length: 5", "HIT")]
    [InlineData("X-Nothing: said", "HIT")]
    public async Task Lets_go_of_a_page_that_the_answer_to_a_head_contradicts(string told, string next)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("hello", "Cache-Control: max-age=60 | ETag: \"v1\" | Last-Modified: Sun, 01 Mar 2026 10:00:00 GMT");
        await site.Visitor.GetAsync("/page");
        site.Origin.Script = exchange => exchange.Request.Method == "HEAD" ? exchange.BeginAsync(told) : exchange.RespondAsync("hello");
        // A condition that the origin alone can judge: it goes there as it is.
        (await site.Visitor.SendAsync(HttpMethod.Head, "/page", ("If-Match", "\"v0\""))).Cache.ShouldBe("BYPASS");
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe(next);
    }

    [Fact]
    public async Task Sends_upstream_the_coding_it_keys_by()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("zipped", "Cache-Control: max-age=60 | Vary: Accept-Encoding | Content-Encoding: gzip");

        await site.Visitor.GetAsync("/page", ("Accept-Encoding", "gzip, deflate"));
        site.Origin.Last["Accept-Encoding"].ShouldBe("gzip");
        (await site.Visitor.GetAsync("/page", ("Accept-Encoding", "deflate,gzip;q=0.9"))).Cache.ShouldBe("HIT");
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("MISS");
        site.Origin.Last["Accept-Encoding"].ShouldBe("identity");
    }

    [Fact]
    public async Task Cuts_a_range_out_of_what_is_stored_and_out_of_the_fetch_of_what_is_not()
    {
        await using var site = await OnePop.StartAsync();
        var before = await site.Visitor.GetAsync("/page", ("Range", "bytes=1-3"));
        (before.Status, before.Cache, before.Body).ShouldBe((HttpStatusCode.PartialContent, "MISS", "ell"));
        (before.Headers["Content-Range"], before.Headers["Content-Length"]).ShouldBe(("bytes 1-3/5", "3"));
        // The whole was fetched for all who may come: one request in the place of one for each part.
        site.Origin.Last["Range"].ShouldBeNull();

        var cut = await site.Visitor.GetAsync("/page", ("Range", "bytes=1-3"));
        var beyond = await site.Visitor.GetAsync("/page", ("Range", "bytes=9-"));
        (cut.Status, cut.Cache, cut.Body, cut.Headers["Content-Range"]).ShouldBe(
            (HttpStatusCode.PartialContent, "HIT", "ell", "bytes 1-3/5")
        );
        (beyond.Status, beyond.Headers["Content-Range"]).ShouldBe((HttpStatusCode.RequestedRangeNotSatisfiable, "bytes */5"));
        site.Origin.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("Cache-Control: private", 3)]
    [InlineData("Cache-Control: no-store", 3)]
    [InlineData("Cache-Control: max-age=60 | Transfer-Encoding: chunked", 2)]
    public async Task Passes_a_range_on_where_it_can_not_be_cut_and_does_so_at_once_for_a_while(string fields, int requests)
    {
        await using var site = await OnePop.StartAsync();
        var isChunked = fields.Contains("chunked", StringComparison.Ordinal);
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request["Range"] is not null)
                await exchange.RespondAsync("ell", "Content-Range: bytes 1-3/5", "206 Partial Content");
            else if (!isChunked)
                await exchange.RespondAsync("hello", fields);
            else
            {
                await exchange.BeginAsync(fields);
                await exchange.SendAsync("5\r\nhello\r\n0\r\n\r\n");
            }
        };
        var first = await site.Visitor.GetAsync("/page", ("Range", "bytes=1-3"));
        (first.Status, first.Body, first.Cache).ShouldBe((HttpStatusCode.PartialContent, "ell", "BYPASS"));
        // What can be stored is, and the next part is cut out of it.
        if (isChunked)
            await Eventually.Async(() => site.Pop.Store.Count == 1);
        (await site.Visitor.GetAsync("/page", ("Range", "bytes=1-3"))).Body.ShouldBe("ell");
        site.Origin.Requests.Count.ShouldBe(requests);
    }

    [Fact]
    public async Task Cuts_a_range_while_the_page_is_still_arriving()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.StopsHalfway("hello", gate);
        (await site.Visitor.GetAsync("/page", ("Range", "bytes=1-3"))).Body.ShouldBe("ell");
        gate.Open();
        await Eventually.Async(() => site.Pop.Store.Count == 1);
        (await site.Visitor.GetAsync("/page", ("Range", "bytes=-3"))).Body.ShouldBe("llo");
        site.Origin.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Asks_whether_a_stale_page_still_holds_and_serves_it_on_304()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.Request["If-None-Match"] == "\"v1\""
                ? exchange.NotModifiedAsync("Cache-Control: max-age=90 | ETag: \"v1\" | X-New: 1")
                : exchange.RespondAsync("hello", "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));

        var renewed = await site.Visitor.GetAsync("/page");
        var hit = await site.Visitor.GetAsync("/page");

        (renewed.Cache, renewed.Body, renewed.Headers["X-New"]).ShouldBe(("REVALIDATED", "hello", "1"));
        renewed.Headers["Cache-Status"].ShouldBe("paradarum-pop1; fwd=stale; fwd-status=304; ttl=90; stored");
        (hit.Cache, hit.Headers["Age"]).ShouldBe(("HIT", "0"));
        site.Origin.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Serves_stale_while_it_asks_in_the_background()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=60, stale-while-revalidate=30");
        await site.Visitor.GetAsync("/page");
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("new");
        };
        site.Pop.Time.Advance(TimeSpan.FromSeconds(70));

        var stale = await site.Visitor.GetAsync("/page");
        await gate.Arrived;
        var stillStale = await site.Visitor.GetAsync("/page");
        (stale.Cache, stale.Body, stale.Headers["Cache-Status"]).ShouldBe(("STALE", "old", "paradarum-pop1; hit; ttl=-10"));
        stillStale.Body.ShouldBe("old");
        site.Origin.Requests.Count.ShouldBe(2);
        gate.Open();
        await Eventually.Async(async () => (await site.Visitor.GetAsync("/page")).Body == "new");
    }

    [Fact]
    public async Task Serves_stale_for_an_error_only_where_the_origin_allowed_it()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.RespondAsync(
                "old",
                exchange.Request.Target == "/a" ? "Cache-Control: max-age=60, stale-if-error=60" : "Cache-Control: max-age=60"
            );
        await site.Visitor.GetAsync("/a");
        await site.Visitor.GetAsync("/b");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(70));
        site.Serves("broken", "", "503 Service Unavailable");

        var allowed = await site.Visitor.GetAsync("/a");
        var forbidden = await site.Visitor.GetAsync("/b");

        (allowed.Cache, allowed.Body, allowed.Headers["Cache-Status"]).ShouldBe(
            ("STALE", "old", "paradarum-pop1; fwd=stale; fwd-status=503; ttl=-10; detail=stale-if-error")
        );
        (forbidden.Status, forbidden.Body).ShouldBe((HttpStatusCode.ServiceUnavailable, "broken"));
    }

    [Fact]
    public async Task Says_502_when_no_origin_answers_and_takes_the_next_when_one_cannot_be_reached()
    {
        await using var closed = new ScriptedOrigin();
        await closed.DisposeAsync();
        await using var site = await OnePop.StartAsync(at => at with { Origins = [Site.At(closed).Origins[0], .. at.Origins] });
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("hello");
        (await site.Visitor.SendAsync(HttpMethod.Post, "/form")).Body.ShouldBe("hello");
        await site.Origin.DisposeAsync();
        var failed = await site.Visitor.GetAsync("/other");
        (failed.Status, failed.Body).ShouldBe((HttpStatusCode.BadGateway, "The origin could not be reached.\n"));
        failed.Headers["Cache-Status"].ShouldBe("paradarum-pop1; fwd=uri-miss; detail=cannot-connect");
    }

    [Fact]
    public async Task Says_504_when_the_origin_keeps_silent()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = _ => gate.PassAsync();
        var visit = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Pop.Time.Advance(TimeSpan.FromSeconds(31));
        var answer = await visit;
        (answer.Status, answer.Body).ShouldBe((HttpStatusCode.GatewayTimeout, "The origin did not answer in time.\n"));
        gate.Open();
    }

    [Fact]
    public async Task Keeps_an_entry_per_query_as_the_property_says()
    {
        await using var site = await OnePop.StartAsync(at =>
            at with
            {
                QueryMode = new QueryMode(Paradarum.Protocol.Urls.QueryModeKind.IgnoreAll, []),
            }
        );
        await site.Visitor.GetAsync("/page?a=1");
        (await site.Visitor.GetAsync("/page?a=2")).Cache.ShouldBe("HIT");
        // What goes upstream is the whole target all the same.
        site.Origin.Requests.Single().Target.ShouldBe("/page?a=1");
    }

    [Fact]
    public async Task Does_not_store_a_target_of_more_than_2048_characters()
    {
        await using var site = await OnePop.StartAsync();
        var target = "/" + new string('a', CanonicalTarget.LongestStored);
        await site.Visitor.GetAsync(target);
        var again = await site.Visitor.GetAsync(target);
        again.Headers["Cache-Status"].ShouldContain("detail=target-too-long");
        site.Origin.CountOf(target).ShouldBe(2);
        site.Pop.Store.Count.ShouldBe(0);
    }
}

public sealed class A_cache_rule
{
    [Fact]
    public async Task Gives_a_lifetime_where_the_origin_gives_none_and_never_stores_at_zero()
    {
        await using var site = await OnePop.StartAsync(at =>
            at.With(
                new CacheRule("/admin/", CacheRuleMatch.Contains, 0, []),
                new CacheRule("\\.png$", CacheRuleMatch.Regex, 600, []),
                new CacheRule("/", CacheRuleMatch.StartsWith, 60, ["logged_in_"])
            )
        );
        site.Origin.Script = exchange => exchange.RespondAsync("x", exchange.Request.Target == "/private" ? "Cache-Control: private" : "");

        (await Ttl(site, "/a.png")).ShouldBe("600");
        (await Ttl(site, "/page")).ShouldBe("60");
        (await Ttl(site, "/private")).ShouldBeNull();
        (await site.Visitor.GetAsync("/admin/page"))
            .Headers["Cache-Status"]
            .ShouldBe("paradarum-pop1; fwd=bypass; fwd-status=200; detail=rule-never-stores");
        var loggedIn = await site.Visitor.GetAsync("/page", ("Cookie", "a=b; logged_in_9=x"));
        (loggedIn.Cache, loggedIn.Headers["Cache-Status"]).ShouldBe(
            ("BYPASS", "paradarum-pop1; fwd=bypass; fwd-status=200; detail=bypass-cookie")
        );
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }

    private static async Task<string?> Ttl(OnePop site, string target)
    {
        var status = (await site.Visitor.GetAsync(target)).Headers["Cache-Status"];
        return status.Split("; ").FirstOrDefault(part => part.StartsWith("ttl=", StringComparison.Ordinal))?[4..];
    }
}

public sealed class What_is_meant_for_one_visitor
{
    [Theory]
    [InlineData("Cache-Control: max-age=60, private", "private")]
    [InlineData("Cache-Control: max-age=60, no-store", "no-store")]
    [InlineData("Expires: Sun, 01 Mar 2026 13:00:00 GMT | Set-Cookie: a=b", "set-cookie")]
    [InlineData("Cache-Control: max-age=60 | Vary: *", "vary-star")]
    public async Task Is_not_stored_and_the_reason_is_told(string fields, string detail)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("mine", fields);
        var first = await site.Visitor.GetAsync("/page");
        first.Headers["Cache-Status"].ShouldBe($"paradarum-pop1; fwd=uri-miss; fwd-status=200; detail={detail}");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("mine");
        site.Origin.CountOf("/page").ShouldBe(2);
    }

    [Fact]
    public async Task Is_kept_apart_from_others_by_authorization()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange => exchange.RespondAsync(exchange.Request["Authorization"] ?? "anyone");
        (await site.Visitor.GetAsync("/page", ("Authorization", "Basic alice"))).Body.ShouldBe("Basic alice");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("anyone");
        (await site.Visitor.GetAsync("/page", ("Authorization", "Basic bob"))).Body.ShouldBe("Basic bob");
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Is_shared_again_once_the_origin_says_so()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("mine", "Cache-Control: private");
        await site.Visitor.GetAsync("/page");
        site.Serves("ours");
        await site.Visitor.GetAsync("/page");
        await site.Visitor.GetAsync("/page");
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }
}

public sealed class A_request_the_node_will_not_serve
{
    [Theory]
    [InlineData(PropertyState.Disabled, "This property is currently disabled.\n")]
    [InlineData(PropertyState.Suspended, "This property is currently suspended.\n")]
    public async Task Is_403_for_a_property_that_is_not_active(PropertyState state, string sentence)
    {
        await using var site = await OnePop.StartAsync(at => at with { State = state });
        var answer = await site.Visitor.GetAsync("/page");
        (answer.Status, answer.Body).ShouldBe((HttpStatusCode.Forbidden, sentence));
        site.Origin.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_421_for_a_host_that_is_unknown_or_pending()
    {
        await using var site = await OnePop.StartAsync(at =>
            at with
            {
                Hostnames = [.. at.Hostnames, new PropertyHostname("pending.example", Active: false)],
            }
        );
        foreach (var host in (string[])["other.example", "pending.example"])
        {
            using var stranger = new Visitor(site.Pop.Url, host);
            var answer = await stranger.GetAsync("/page");
            (answer.Status, answer.Body).ShouldBe(
                (HttpStatusCode.MisdirectedRequest, "This host is not served here: it is unknown, or its validation is pending.\n")
            );
        }
    }

    [Theory]
    [InlineData("CDN-Loop", "other, paradarum-pop1; v=1")]
    [InlineData("Via", "1.1 elsewhere, 1.1 paradarum-pop1")]
    public async Task Is_508_when_it_has_been_here_before(string field, string value)
    {
        await using var site = await OnePop.StartAsync();
        (await site.Visitor.GetAsync("/page", (field, value))).Status.ShouldBe(HttpStatusCode.LoopDetected);
        site.Origin.Requests.ShouldBeEmpty();
    }

    [Fact]
    public void Nor_are_settings_out_of_range_and_each_is_named()
    {
        var errors = new EdgeOptions
        {
            Name = "Not A Name",
            Role = EdgeRole.Pop,
            StoreBytes = 5,
            ConnectAfter = TimeSpan.Zero,
        }.Validate();
        errors.Count.ShouldBe(4);
        errors.ShouldContain("Name must be 1 to 63 lower-case letters, digits and hyphens.");
        errors.ShouldContain("ConnectAfter must be 10 ms to 1 min.");
    }
}
