using System.Net;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>A cache rule's <c>cache_key</c> (contract part 3): which query, headers and cookies are in the key of the paths it matches.</summary>
public sealed class A_rule_that_has_a_key_of_its_own
{
    [Fact]
    public async Task Keeps_an_entry_for_each_value_of_its_header_and_cookie()
    {
        await using var site = await OnePop.StartAsync(at => at.With(Rule("/", headers: ["X-Country"], cookies: ["currency"])));
        site.Origin.Script = exchange =>
            exchange.RespondAsync($"{exchange.Request["X-Country"] ?? "none"} {exchange.Request["Cookie"] ?? "none"}");

        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("none none");
        (await site.Visitor.GetAsync("/page", ("X-Country", "DE"))).Body.ShouldBe("DE none");
        (await site.Visitor.GetAsync("/page", ("X-Country", ""))).Body.ShouldBe(" none", "empty is not absent");
        (await site.Visitor.GetAsync("/page", ("X-Country", "DE"), ("Cookie", "currency=EUR"))).Body.ShouldBe("DE currency=EUR");
        (await site.Visitor.GetAsync("/page", ("X-Country", "DE"), ("Cookie", "currency=CHF"))).Body.ShouldBe("DE currency=CHF");
        site.Pop.Store.Count.ShouldBe(5);

        // Whatever else is in the cookie header is no part of the key.
        var again = await site.Visitor.GetAsync("/page", ("X-Country", "DE"), ("Cookie", "session=9; currency=EUR"));
        (again.Cache, again.Body).ShouldBe(("HIT", "DE currency=EUR"));
    }

    [Fact]
    public async Task Keeps_an_entry_for_a_long_value_in_a_key_of_bounded_length()
    {
        await using var site = await OnePop.StartAsync(at => at.With(Rule("/", headers: ["x-a"])));
        site.Origin.Script = exchange => exchange.RespondAsync($"{exchange.Request["x-a"]![^1]}");
        var long1 = new string('a', 8000);
        (await site.Visitor.GetAsync("/page", ("x-a", long1 + "1"))).Body.ShouldBe("1");
        (await site.Visitor.GetAsync("/page", ("x-a", long1 + "2"))).Body.ShouldBe("2");
        (await site.Visitor.GetAsync("/page", ("x-a", long1 + "1"))).Cache.ShouldBe("HIT");
        site.Pop.State.Index.Entries(Site.Id).ShouldAllBe(entry => entry.Key.Parts.Length <= 256);
    }

    [Theory]
    [InlineData("Path", "/page")]
    [InlineData("Path", "/page?x=1")]
    [InlineData("All", null)]
    [InlineData("Extension", "html")]
    [InlineData("Regex", "page")]
    public async Task Loses_all_those_entries_to_a_purge(string type, string? value)
    {
        await using var site = await OnePop.StartAsync(at => at.With(Rule("/", headers: ["x-a"])));
        var target = type == "Extension" ? "/page.html" : "/page?x=1";
        site.Serves("old");
        foreach (var a in new[] { "1", "2", "3" })
            await site.Visitor.GetAsync(target, ("x-a", a));
        site.Serves("new");
        site.Purge(type, value);
        foreach (var a in new[] { "1", "2", "3" })
            (await site.Visitor.GetAsync(target, ("x-a", a))).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Loses_all_those_entries_and_fetches_to_an_unsafe_method()
    {
        await using var site = await OnePop.StartAsync(at => at.With(Rule("/", headers: ["x-a"])));
        var gate = new Gate();
        site.Serves("old");
        await site.Visitor.GetAsync("/page", ("x-a", "1"));
        site.Origin.Script = exchange => exchange.Request.Method == "POST" ? exchange.RespondAsync("done") : Held(exchange);
        async Task Held(OriginExchange exchange)
        {
            await gate.PassAsync();
            await exchange.RespondAsync("old");
        }
        var inFlight = site.Visitor.GetAsync("/page", ("x-a", "2"));
        await gate.Arrived;
        await site.Visitor.SendAsync(HttpMethod.Post, "/page");
        gate.Open();
        await inFlight;

        site.Serves("new");
        foreach (var a in new[] { "1", "2" })
            (await site.Visitor.GetAsync("/page", ("x-a", a))).Body.ShouldBe("new");
    }

    [Fact]
    public async Task May_leave_the_query_out_or_take_it_whole_whatever_the_property_does()
    {
        await using var site = await OnePop.StartAsync(at =>
            at.With(Rule("/none/", query: RuleQuery.None), Rule("/whole/", query: RuleQuery.Whole), Rule("/")) with
            {
                QueryMode = new(Paradarum.Protocol.Urls.QueryModeKind.Only, ["utm"]),
            }
        );
        site.Origin.Script = exchange => exchange.RespondAsync(exchange.Request.Target);
        await Keyed("/none/a?x=1&utm=1", "/none/a?x=2", "HIT");
        await Keyed("/whole/a?utm=1", "/whole/a?utm=2", "MISS");
        await Keyed("/a?x=1&utm=1", "/a?x=1&utm=2", "HIT");

        async Task Keyed(string first, string second, string cache)
        {
            await site.Visitor.GetAsync(first);
            (await site.Visitor.GetAsync(second)).Cache.ShouldBe(cache, second);
        }
    }

    [Fact]
    public async Task Is_what_a_purge_of_a_path_with_query_goes_by()
    {
        await using var site = await OnePop.StartAsync(at => at.With(Rule("/none/", query: RuleQuery.None), Rule("/")));
        site.Serves("old");
        foreach (var target in new[] { "/none/a?x=1", "/a?x=1", "/a?x=2" })
            await site.Visitor.GetAsync(target);
        site.Serves("new");
        site.Purge("Path", "/none/a?x=9");
        site.Purge("Path", "/a?x=1");
        (await site.Visitor.GetAsync("/none/a?x=1")).Body.ShouldBe("new", "it is the entry that /none/a?x=9 would be answered from");
        (await site.Visitor.GetAsync("/a?x=1")).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/a?x=2")).Body.ShouldBe("old");
    }

    private static CacheRule Rule(
        string prefix,
        string[]? headers = null,
        string[]? cookies = null,
        RuleQuery query = RuleQuery.AsProperty
    ) => new(prefix, CacheRuleMatch.StartsWith, 60, []) { Key = KeyParts.Of(query, headers ?? [], cookies ?? []) };
}

/// <summary>G7: the pattern of one property must not make the node slow for others, nor an answer wrong.</summary>
public sealed class A_rule_whose_pattern_is_slow
{
    [Fact]
    public async Task Stores_nothing_and_says_so()
    {
        await using var site = await OnePop.StartAsync(at => at.With(new CacheRule("(a+)+$", CacheRuleMatch.Regex, 60, [])));
        var target = "/" + new string('a', 1900) + "!";
        for (var visit = 0; visit < 3; visit++)
        {
            var answer = await site.Visitor.GetAsync(target);
            answer.Status.ShouldBe(HttpStatusCode.OK);
            answer.Headers["Cache-Status"].ShouldContain("detail=rule-too-slow");
        }
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Fact]
    public void Is_not_run_any_more_once_it_took_too_long_in_all()
    {
        var rules = CacheRuleSet.Of(Configured(new CacheRule("(a+)+$", CacheRuleMatch.Regex, 60, [])));
        var slow = "/" + new string('a', 1900) + "!";
        var runs = 0;
        for (; !rules.IsOverspent && runs < 1000; runs++)
            rules.For(slow).ShouldBeSameAs(CacheRuleSet.Undecided);
        runs.ShouldBeLessThan(100, "each took the 10 ms that one path may take, and 50 ms were to be had");
        // Given up until the next configuration, for harmless paths too.
        rules.For("/b").ShouldBeSameAs(CacheRuleSet.Undecided);
        CacheRuleSet.Of(Configured(new CacheRule("(a+)+$", CacheRuleMatch.Regex, 60, []))).For("/b").ShouldBeNull();
    }

    [Fact]
    public void Does_not_keep_a_harmless_one_from_running()
    {
        var rules = CacheRuleSet.Of(Configured(new CacheRule(@"\.(jpg|jpeg|png|css|js)$", CacheRuleMatch.Regex, 60, [])));
        for (var i = 0; i < 100_000; i++)
            rules.For($"/wp-content/uploads/2026/image-{i}.jpg");
        rules.IsOverspent.ShouldBeFalse();
    }

    [Fact]
    public async Task Lets_a_purge_of_a_path_with_query_take_the_whole_path()
    {
        // Which key a target has can't be told when the rules can't: too much is safe, too little is not.
        await using var site = await OnePop.StartAsync(at =>
            at.With(
                new CacheRule("^/quick$", CacheRuleMatch.Regex, 60, []) { Key = KeyParts.Of(RuleQuery.None, [], []) },
                new CacheRule("(a+)+$", CacheRuleMatch.Regex, 60, [])
            )
        );
        site.Serves("old");
        await site.Visitor.GetAsync("/b?x=1");
        await site.Visitor.GetAsync("/b?x=2");
        var rules = CacheRuleSet.Of(site.Pop.State.Current.Properties[Site.Id].Configuration);
        var slow = "/" + new string('a', 1900) + "!";
        for (var runs = 0; !rules.IsOverspent && runs < 1000; runs++)
            rules.For(slow);
        site.Purge("Path", "/b?x=1");
        site.Pop.Store.Count.ShouldBe(0);
    }

    private static PropertyConfiguration Configured(CacheRule rule) =>
        new(
            "site",
            PropertyState.Active,
            [],
            [],
            Paradarum.Protocol.Urls.QueryMode.WholeQuery,
            [rule],
            ShieldEnabled: false,
            ShieldId: null
        );
}
