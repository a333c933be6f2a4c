using System.Globalization;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Tokens;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary><c>X-Purge-Position</c> (contract part 2): who names a purge is answered with bytes from after it.</summary>
public sealed class A_visitor_who_names_a_purge
{
    private static readonly byte[] TokenKey = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6];

    [Fact]
    public async Task Is_held_until_the_node_has_applied_it_and_sees_what_came_after()
    {
        await using var site = await StartAsync();
        site.Serves("old");
        await site.Visitor.GetAsync("/page");
        site.Serves("new");
        var purge = site.Log.Purge(Site.Id, "Path", "/page");

        var naming = site.Visitor.GetAsync("/page", Naming(purge));
        await Eventually.Async(() => site.Pop.Promises.Held == 1);
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("old");
        naming.IsCompleted.ShouldBeFalse();
        site.Origin.Requests.Count.ShouldBe(1);
        site.Pop.CatchUp();

        var visit = await naming;
        (visit.Cache, visit.Body).ShouldBe(("MISS", "new"));
        site.Pop.Promises.Held.ShouldBe(0);
        // Applied now: the store answers.
        (await site.Visitor.GetAsync("/page", Naming(purge))).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Is_sent_upstream_after_five_seconds_carrying_that_position()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.Pop.Fleet.Current = tiers.Pop.Fleet.Current with { PurgeTokenKey = TokenKey };
        tiers.ServesTagged("old", "\"v1\"");
        await tiers.Visitor.GetAsync("/page");
        tiers.ServesTagged("new", "\"v2\"");
        var purge = tiers.Log.Purge(Site.Id, "Path", "/page");

        var naming = tiers.Visitor.GetAsync("/page", Naming(purge));
        await Eventually.Async(() => tiers.Pop.Promises.Held == 1);
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(4.9));
        naming.IsCompleted.ShouldBeFalse();
        tiers.Origin.Requests.Count.ShouldBe(1);
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(0.1));

        var visit = await naming;
        visit.Body.ShouldBe("new");
        // Neither tier has applied it, so neither answers from its store, validated or not, and neither stores.
        visit.Headers["Cache-Status"].ShouldStartWith("paradarum-shield1; fwd=miss; fwd-status=200; detail=behind");
        tiers.Origin.Last["If-None-Match"].ShouldBeNull();
        tiers.Pop.Store.Count.ShouldBe(1);
        (await tiers.Visitor.GetAsync("/page")).Body.ShouldBe("old");
    }

    [Fact]
    public async Task Is_not_believed_with_a_token_of_another_key_epoch_or_property()
    {
        await using var site = await StartAsync();
        await site.Visitor.GetAsync("/page");
        var ahead = site.Log.Head + 5;
        string[] tokens =
        [
            new PurgeToken(site.Log.Epoch, Site.Id, ahead).Write("another key"u8),
            new PurgeToken("ffffffffffffffffffffffffffffffff", Site.Id, ahead).Write(TokenKey),
            new PurgeToken(site.Log.Epoch, Site.Id + 1, ahead).Write(TokenKey),
            ahead.ToString(CultureInfo.InvariantCulture),
            "x",
        ];
        foreach (var token in tokens)
            (await site.Visitor.GetAsync("/page", (HeaderRules.PurgePosition, token))).Cache.ShouldBe("HIT");
        site.Origin.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Joins_no_fetch_that_began_before()
    {
        await using var site = await StartAsync();
        var purge = site.Log.Purge(Site.Id, "Path", "/page");
        site.Pop.CatchUp();
        var gate = new Gate();
        site.Origin.StopsHalfway("old", gate);
        var before = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Serves("new");
        (await site.Visitor.GetAsync("/page", Naming(purge))).Body.ShouldBe("new");
        gate.Open();
        (await before).Body.ShouldBe("oldold");
    }

    [Fact]
    public async Task Joins_no_fetch_that_began_while_it_was_held_and_does_not_carry_its_position()
    {
        await using var tiers = await TwoTiers.StartAsync();
        await using var shield = new ScriptedOrigin();
        tiers.Knows(new ShieldAddress("s1", new Uri($"http://127.0.0.1:{shield.Port}")));
        tiers.Pop.Fleet.Current = tiers.Pop.Fleet.Current with { PurgeTokenKey = TokenKey };
        // A shield that is behind, too: it may answer the old page to whoever does not say better.
        var gate = new Gate();
        shield.Script = async exchange =>
        {
            var lastPurge = ulong.Parse(exchange.Request[TierSeal.Facts]!.Split(';')[3], CultureInfo.InvariantCulture);
            if (lastPurge > 1)
            {
                await exchange.RespondAsync("new");
                return;
            }
            await exchange.BeginAsync("Cache-Control: max-age=60 | Content-Length: 6");
            await exchange.SendAsync("old");
            await gate.PassAsync();
            await exchange.SendAsync("old");
        };
        var purge = tiers.Log.Purge(Site.Id, "Path", "/page");
        var naming = tiers.Visitor.GetAsync("/page", Naming(purge));
        await Eventually.Async(() => tiers.Pop.Promises.Held == 1);
        var unaware = tiers.Visitor.GetAsync("/page");
        await gate.Arrived;
        tiers.Pop.Time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.Async(() => tiers.Pop.Promises.Held == 0);
        await Eventually.Async(() => naming.IsCompleted || shield.Requests.Count == 2);
        gate.Open();

        (await naming).Body.ShouldBe("new");
        (await unaware).Body.ShouldBe("oldold");
    }

    [Fact]
    public async Task Is_judged_by_the_configuration_of_when_it_goes_on()
    {
        await using var site = await StartAsync(Modes.IgnoringQueries);
        var purge = site.Log.Head + 2;
        var naming = site.Visitor.GetAsync("/page?id=5", Naming(purge));
        await Eventually.Async(() => site.Pop.Promises.Held == 1);
        site.Serves("five");
        site.Log.Configure(Site.Id, Site.At(site.Origin));
        site.Purge("All");
        (await naming).Body.ShouldBe("five");
        site.Serves("plain");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("plain");
        (await site.Visitor.GetAsync("/page?id=5")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Is_not_held_where_as_many_as_a_node_holds_are_waiting()
    {
        await using var site = await StartAsync();
        site.Serves("old");
        await site.Visitor.GetAsync("/page");
        site.Serves("new");
        var purge = site.Log.Purge(Site.Id, "Path", "/page");
        var held = Enumerable.Range(0, Promises.MostHeld).Select(_ => site.Visitor.GetAsync("/page", Naming(purge))).ToArray();
        await Eventually.Async(() => site.Pop.Promises.Held == Promises.MostHeld);

        var beyond = await site.Visitor.GetAsync("/page", Naming(purge));
        (beyond.Cache, beyond.Body).ShouldBe(("MISS", "new"));
        site.Pop.Promises.Held.ShouldBe(Promises.MostHeld);

        site.Pop.CatchUp();
        foreach (var visit in await Task.WhenAll(held))
            visit.Body.ShouldBe("new");
        // All of them shared: the herd stays bounded.
        site.Origin.CountOf("/page").ShouldBeLessThan(10);
    }

    private static async Task<OnePop> StartAsync(
        Func<Paradarum.Protocol.Configuration.PropertyConfiguration, Paradarum.Protocol.Configuration.PropertyConfiguration>? configure =
            null
    )
    {
        var site = await OnePop.StartAsync(configure);
        site.Pop.Fleet.Current = site.Pop.Fleet.Current with { PurgeTokenKey = TokenKey };
        return site;
    }

    private static (string, string) Naming(ulong purge) =>
        (HeaderRules.PurgePosition, new PurgeToken(new TestLog().Epoch, Site.Id, purge).Write(TokenKey));
}
