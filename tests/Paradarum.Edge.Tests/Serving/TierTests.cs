using System.Net;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>G4: between the tiers positions decide, not order of arrival.</summary>
public sealed class A_shield_behind_a_pop
{
    [Fact]
    public async Task Stores_for_all_pops_and_both_say_what_they_did()
    {
        await using var tiers = await TwoTiers.StartAsync();
        var first = await tiers.Visitor.GetAsync("/page");
        first
            .Headers["Cache-Status"]
            .ShouldBe(
                "paradarum-shield1; fwd=uri-miss; fwd-status=200; ttl=60; stored, paradarum-pop1; fwd=uri-miss; fwd-status=200; ttl=60; stored"
            );
        first.Headers["Via"].ShouldBe("1.1 paradarum-shield1, 1.1 paradarum-pop1");
        first.Headers.Keys.ShouldNotContain(name => name.StartsWith("X-Paradarum", StringComparison.OrdinalIgnoreCase));
        tiers.Shield.Store.Count.ShouldBe(1);
        tiers.Origin.Last.Fields.ShouldNotContain(field => field.Key.StartsWith("X-Paradarum", StringComparison.OrdinalIgnoreCase));
        tiers.Origin.Last["X-Forwarded-Host"].ShouldBe(Site.Host);
        tiers.Origin.Last["CDN-Loop"].ShouldBe("paradarum-pop1, paradarum-shield1");
        tiers.Origin.Last["Host"].ShouldBe(Site.Host);
    }

    [Fact]
    public async Task Answers_no_visitor_and_no_forged_seal()
    {
        await using var tiers = await TwoTiers.StartAsync();
        using var stranger = new Visitor(tiers.Shield.Url, Site.Host);
        var facts = TierSeal.Write(new(tiers.Log.Epoch, Site.Id, 0, 1, Validate: false, "http", "pop1"));
        var forged = TierSeal.Sign("another key"u8, "GET", Site.Host, "/page", facts);
        var elsewhere = TierSeal.Sign(TwoTiers.FleetKey, "GET", Site.Host, "/other", facts);
        foreach (var seal in (string[])["", "x", forged, elsewhere])
        {
            var answer = await stranger.GetAsync("/page", (TierSeal.Facts, facts), (TierSeal.Seal, seal));
            (answer.Status, answer.Body).ShouldBe(
                (HttpStatusCode.Forbidden, "This is an Origin Shield: it answers only the PoPs of its fleet.\n")
            );
        }
        tiers.Origin.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task That_is_behind_the_pops_purge_answers_from_the_origin_and_stores_nothing()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.ServesTagged("old", "\"v1\"");
        await tiers.Visitor.GetAsync("/page");
        tiers.ServesTagged("new", "\"v2\"");
        tiers.Log.Purge(Site.Id, "Path", "/page");
        tiers.Pop.CatchUp();

        var visit = await tiers.Visitor.GetAsync("/page");

        visit.Body.ShouldBe("new");
        visit.Headers["Cache-Status"].ShouldStartWith("paradarum-shield1; fwd=miss; fwd-status=200; detail=behind");
        // Not validated either: it was not asked with the old tag.
        tiers.Origin.Last["If-None-Match"].ShouldBeNull();
        tiers.Shield.CatchUp();
        tiers.Log.Purge(Site.Id, "Path", "/page");
        tiers.Pop.CatchUp();
        tiers.Shield.CatchUp();
        (await tiers.Visitor.GetAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task That_is_behind_joins_no_fetch_that_began_before_the_request()
    {
        await using var tiers = await TwoTiers.StartAsync();
        var gate = new Gate();
        tiers.Origin.StopsHalfway("old", gate);
        var before = tiers.Visitor.GetAsync("/page");
        await gate.Arrived;
        tiers.Log.Purge(Site.Id, "Path", "/page");
        tiers.Pop.CatchUp();
        tiers.Serves("new");
        (await tiers.Visitor.GetAsync("/page")).Body.ShouldBe("new");
        gate.Open();
        (await before).Body.ShouldBe("oldold");
    }

    /// <summary>A purged entry is not used even for a condition (G2): the fetch began before the purge, the request to the next upstream did not.</summary>
    [Fact]
    public async Task That_breaks_off_after_a_purge_is_not_followed_by_a_question_about_what_was_purged()
    {
        await using var tiers = await TwoTiers.StartAsync();
        await using var shield = new ScriptedOrigin();
        var gate = new Gate();
        shield.Script = async exchange =>
        {
            await gate.PassAsync();
            exchange.Close();
        };
        tiers.Serves("old", "Cache-Control: max-age=0 | ETag: W/\"v\"");
        await tiers.Visitor.GetAsync("/page");
        tiers.Knows(new ShieldAddress("silent", new Uri($"http://127.0.0.1:{shield.Port}")));
        var visit = tiers.Visitor.GetAsync("/page");
        await gate.Arrived;
        shield.Last["If-None-Match"].ShouldBe("W/\"v\"");

        tiers.Log.Purge(Site.Id, "Path", "/page");
        tiers.Pop.CatchUp();
        tiers.Serves("new");
        gate.Open();

        (await visit).Body.ShouldBe("new");
        tiers.Origin.Last["If-None-Match"].ShouldBeNull();
    }

    [Fact]
    public async Task That_is_behind_in_configuration_refuses_and_the_origin_is_asked()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.Log.Configure(Site.Id, Site.At(tiers.Origin) with { ShieldEnabled = true });
        tiers.Pop.CatchUp();
        var visit = await tiers.Visitor.GetAsync("/page");
        (visit.Body, tiers.Shield.Store.Count).ShouldBe(("hello", 0));
        visit.Headers["Via"].ShouldBe("1.1 paradarum-pop1");
        // A body is not lost on a shield that refuses.
        await tiers.Visitor.SendAsync(HttpMethod.Post, "/form");
        tiers.Origin.Last["Via"].ShouldBe("1.1 paradarum-pop1");
    }

    [Fact]
    public async Task Of_another_epoch_refuses()
    {
        await using var tiers = await TwoTiers.StartAsync();
        var restored = new TestLog("ffffffffffffffffffffffffffffffff");
        restored.Configure(Site.Id, Site.At(tiers.Origin));
        tiers.Shield.State.Replace(restored.Epoch, 1, restored.Records[0].Hash, []);
        (await tiers.Visitor.GetAsync("/page")).Headers["Via"].ShouldBe("1.1 paradarum-pop1");
    }

    /// <summary>Each may have followed another log before: what one has in its store says nothing to the other.</summary>
    [Fact]
    public async Task That_follows_no_log_refuses_also_a_PoP_that_follows_none()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.Shield.State.DropAll();
        tiers.Pop.State.DropAll();
        (await tiers.Visitor.GetAsync("/page")).Headers["Via"].ShouldBe("1.1 paradarum-pop1");
        // Nor would it answer one that asked.
        var tier = TierRequest.Of(tiers.Pop.State.Current, Site.Id, promised: 0, validate: true, "http", "pop1");
        Entrance.Refuses(tiers.Shield.State.Current, Site.Host, tier, out _, out _)!.ToPop.ShouldBe("epoch");
    }

    [Fact]
    public async Task That_gives_the_host_to_another_property_refuses()
    {
        await using var tiers = await TwoTiers.StartAsync();
        // The shield alone applies that the host moved on.
        tiers.Log.Remove(Site.Id);
        tiers.Log.Configure(9, Site.At(tiers.Origin) with { Name = "taker" });
        tiers.Shield.CatchUp();
        (await tiers.Visitor.GetAsync("/page")).Headers["Via"].ShouldBe("1.1 paradarum-pop1");
    }

    [Fact]
    public async Task That_is_dead_is_passed_over_and_left_alone_for_a_while()
    {
        await using var tiers = await TwoTiers.StartAsync();
        await using var dead = new ScriptedOrigin();
        var connections = 0;
        dead.Script = exchange =>
        {
            connections++;
            exchange.Reset();
            return Task.CompletedTask;
        };
        tiers.Knows(new ShieldAddress("s0", new Uri($"http://127.0.0.1:{dead.Port}")));
        (await tiers.Visitor.GetAsync("/a")).Body.ShouldBe("hello");
        var tries = connections;
        (await tiers.Visitor.GetAsync("/b")).Body.ShouldBe("hello");
        connections.ShouldBe(tries);
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(4));
        await tiers.Visitor.GetAsync("/c");
        connections.ShouldBeGreaterThan(tries);
    }

    [Fact]
    public async Task That_hangs_is_given_up_and_the_origin_answers()
    {
        await using var tiers = await TwoTiers.StartAsync();
        await using var hung = new ScriptedOrigin();
        var gate = new Gate();
        hung.Script = _ => gate.PassAsync();
        tiers.Knows(new ShieldAddress("s0", new Uri($"http://127.0.0.1:{hung.Port}")));
        var visit = tiers.Visitor.GetAsync("/page");
        await gate.Arrived;
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(36));
        (await visit).Body.ShouldBe("hello");
        gate.Open();
    }

    [Fact]
    public async Task Invalidates_on_an_unsafe_request_as_the_pop_does()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.Serves("old");
        await tiers.Visitor.GetAsync("/page");
        tiers.Serves("new");
        await tiers.Visitor.SendAsync(HttpMethod.Post, "/page");
        (await tiers.Visitor.GetAsync("/page")).Body.ShouldBe("new");
    }
}

/// <summary>G5: what a node does on its own word ends with its grace.</summary>
public sealed class A_fenced_pop
{
    [Fact]
    public async Task Uses_its_store_only_after_a_strong_tag_is_confirmed()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.Request["If-None-Match"] == "\"v1\""
                ? exchange.NotModifiedAsync("ETag: \"v1\"")
                : exchange.RespondAsync("page", "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        site.Pop.IsOwed();
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");

        site.Pop.IsFenced();
        var confirmed = await site.Visitor.GetAsync("/page");
        (confirmed.Cache, confirmed.Body).ShouldBe(("REVALIDATED", "page"));
        site.Origin.Requests.Count.ShouldBe(2);
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("REVALIDATED");

        site.Pop.IsLeased();
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
    }

    [Theory]
    [InlineData("ETag: W/\"v1\"", "ETag: W/\"v1\"")]
    [InlineData("Last-Modified: Sun, 01 Mar 2026 10:00:00 GMT", "")]
    [InlineData("ETag: \"v1\"", "ETag: W/\"v1\"")]
    [InlineData("ETag: \"v1\"", "")]
    public async Task Fetches_anew_when_what_confirms_is_not_strong(string stored, string confirmation)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=60 | " + stored);
        await site.Visitor.GetAsync("/page");
        site.Pop.IsFenced();
        site.Origin.Script = exchange =>
            (exchange.Request["If-None-Match"] ?? exchange.Request["If-Modified-Since"]) is not null
                ? exchange.NotModifiedAsync(confirmation)
                : exchange.RespondAsync("new");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Serves_nothing_stale()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=1, stale-while-revalidate=600, stale-if-error=600");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(5));
        await site.Origin.DisposeAsync();
        site.Pop.IsOwed();
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("STALE");
        site.Pop.IsFenced();
        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task Joins_no_fetch_that_began_before_its_own_request()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.StopsHalfway("old", gate);
        var before = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Serves("new");
        site.Pop.IsFenced();
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("new");
        gate.Open();
        (await before).Body.ShouldBe("oldold");
    }

    [Fact]
    public async Task Marks_its_requests_and_a_fenced_shield_asks_the_origin_anew()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.ServesTagged("old", "\"v1\"");
        await tiers.Visitor.GetAsync("/page");
        tiers.ServesTagged("new", "\"v2\"");
        tiers.Shield.IsFenced();
        // An unmarked request is answered as G4 allows.
        tiers.Log.Purge(Site.Id, "Path", "/page");
        tiers.Pop.CatchUp(1);
        using (var another = new Visitor(tiers.Pop.Url, Site.Host))
            (await another.GetAsync("/page")).Body.ShouldBe("old");

        tiers.Pop.IsFenced();
        (await tiers.Visitor.GetAsync("/page")).Body.ShouldBe("new");
        var confirmed = await tiers.Visitor.GetAsync("/page");
        (confirmed.Cache, confirmed.Body).ShouldBe(("REVALIDATED", "new"));
        tiers.Origin.Last["If-None-Match"].ShouldBe("\"v2\"");
    }

    [Fact]
    public async Task Believes_a_shield_that_is_not_fenced()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.ServesTagged("page", "\"v1\"");
        await tiers.Visitor.GetAsync("/page");
        tiers.Pop.IsFenced();
        var confirmed = await tiers.Visitor.GetAsync("/page");
        (confirmed.Cache, confirmed.Body).ShouldBe(("REVALIDATED", "page"));
        tiers.Origin.CountOf("/page").ShouldBe(1);
    }
}
