using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>RFC 9875, on one node.</summary>
public sealed class An_answer_that_names_groups
{
    private const string InList = "Cache-Control: max-age=60 | Cache-Groups: \"list\", \"all\";x=1";

    [Fact]
    public async Task To_an_unsafe_request_takes_every_member_and_nothing_else()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", InList);
        await site.Visitor.GetAsync("/1");
        await site.Visitor.GetAsync("/2?page=2");
        site.Serves("old", "Cache-Control: max-age=60 | Cache-Groups: \"List\"");
        await site.Visitor.GetAsync("/other");
        site.Serves("ok", "Cache-Group-Invalidation: \"none\", \"list\"");
        await site.Visitor.SendAsync(HttpMethod.Post, "/form");
        site.Serves("new", InList);

        (await site.Visitor.GetAsync("/1")).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/2?page=2")).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/other")).Cache.ShouldBe("HIT");
        (await site.Visitor.GetAsync("/1")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Takes_them_even_when_the_request_failed_otherwise()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", InList);
        await site.Visitor.GetAsync("/1");
        site.Serves("half done", "Cache-Group-Invalidation: \"list\"", "500 Internal Server Error");
        await site.Visitor.SendAsync(HttpMethod.Post, "/form");
        site.Serves("new");
        (await site.Visitor.GetAsync("/1")).Body.ShouldBe("new");
    }

    [Theory]
    [InlineData("GET", "\"list\"")]
    [InlineData("OPTIONS", "\"list\"")]
    [InlineData("POST", "list")]
    [InlineData("POST", "\"list\", ")]
    public async Task To_a_safe_request_or_in_a_broken_field_takes_nothing(string method, string groups)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", InList);
        await site.Visitor.GetAsync("/1");
        site.Serves("ok", "Cache-Control: private | Cache-Group-Invalidation: " + groups);
        await site.Visitor.SendAsync(new HttpMethod(method), "/form");
        (await site.Visitor.GetAsync("/1")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Takes_nothing_of_another_property()
    {
        await using var site = await OnePop.StartAsync();
        site.Log.Configure(8, Site.At(site.Origin) with { Name = "other", Hostnames = [new("other.cdn.localhost", Active: true)] });
        site.Pop.CatchUp();
        using var neighbour = new Visitor(site.Pop.Url, "other.cdn.localhost");
        site.Serves("old", InList);
        await neighbour.GetAsync("/1");
        site.Serves("ok", "Cache-Group-Invalidation: \"list\"");
        await site.Visitor.SendAsync(HttpMethod.Post, "/form");
        (await neighbour.GetAsync("/1")).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Is_not_stored_when_they_are_too_many_to_be_kept()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves(
            "mine",
            "Cache-Control: max-age=60 | Cache-Groups: " + string.Join(", ", Enumerable.Range(0, 129).Select(n => $"\"{n}\""))
        );
        (await site.Visitor.GetAsync("/1")).Headers["Cache-Status"].ShouldEndWith("; detail=too-many-groups");
        site.Serves(
            "mine",
            "Cache-Control: max-age=60 | Cache-Groups: " + string.Join(", ", Enumerable.Range(0, 128).Select(n => $"\"{n}\""))
        );
        await site.Visitor.GetAsync("/1");
        site.Serves("ok", "Cache-Group-Invalidation: \"127\"");
        await site.Visitor.SendAsync(HttpMethod.Post, "/form");
        (await site.Visitor.GetAsync("/1")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Leaves_a_member_to_purges_like_any_other_response()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", InList);
        await site.Visitor.GetAsync("/1");
        site.Purge("Path", "/1");
        site.Serves("new", InList);
        (await site.Visitor.GetAsync("/1")).Body.ShouldBe("new");
    }
}

/// <summary>G2 for groups: what is under way when its group is invalidated.</summary>
public sealed class A_fetch_in_flight_of_a_group
{
    private const string InList = "Cache-Control: max-age=60 | ETag: \"v1\" | Cache-Groups: \"list\"";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_given_to_who_began_it_but_neither_joined_nor_stored(bool headHasArrived)
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            if (headHasArrived)
                await exchange.BeginAsync(InList + " | Content-Length: 3");
            await gate.PassAsync();
            if (headHasArrived)
                await exchange.SendAsync("old");
            else
                await exchange.RespondAsync("old", InList);
        };
        var began = site.Visitor.GetAsync("/1");
        await gate.Arrived;
        if (headHasArrived)
            await Eventually.Async(() => site.Pop.State.Index.Fetches(Site.Id).Any(fetch => fetch.Groups.Length > 0));
        await InvalidateAsync(site);
        site.Serves("new", InList);
        var came = site.Visitor.GetAsync("/1").WaitAsync(TimeSpan.FromSeconds(20));
        if (headHasArrived)
            (await came).Body.ShouldBe("new");
        gate.Open();

        (await began).Body.ShouldBe("old");
        (await came).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/1")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Is_not_kept_apart_when_it_brings_no_member()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("page", "Cache-Control: max-age=60 | Cache-Groups: \"else\"");
        };
        var began = site.Visitor.GetAsync("/1");
        await gate.Arrived;
        await InvalidateAsync(site);
        gate.Open();
        await began;
        (await site.Visitor.GetAsync("/1")).Cache.ShouldBe("HIT");
    }

    [Theory]
    [InlineData(InList)]
    [InlineData("Cache-Control: max-age=60 | ETag: \"v1\"")]
    public async Task Does_not_renew_by_a_304_what_was_invalidated_meanwhile(string stored)
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", stored);
        await site.Visitor.GetAsync("/1");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request["If-None-Match"] is null)
            {
                await exchange.RespondAsync("new", InList);
                return;
            }
            await gate.PassAsync();
            await exchange.NotModifiedAsync(InList);
        };
        var asked = site.Visitor.GetAsync("/1");
        await gate.Arrived;
        var former = site.Origin.Script;
        await InvalidateAsync(site);
        site.Origin.Script = former;
        gate.Open();
        (await asked).Body.ShouldBe("new");
        (await site.Visitor.GetAsync("/1")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Is_remembered_against_even_when_very_many_groups_were_invalidated()
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("old", InList);
        };
        var began = site.Visitor.GetAsync("/1");
        await gate.Arrived;
        await InvalidateAsync(site);
        for (var n = 0; n < 20; n++)
            await InvalidateAsync(site, string.Join(", ", Enumerable.Range(n * 100, 100).Select(name => $"\"{name}\"")));
        gate.Open();
        await began;
        site.Serves("new", InList);
        (await site.Visitor.GetAsync("/1")).Body.ShouldBe("new");
    }

    private static async Task InvalidateAsync(OnePop site, string groups = "\"list\"")
    {
        site.Serves("ok", "Cache-Group-Invalidation: " + groups);
        (await site.Visitor.SendAsync(HttpMethod.Post, "/form")).Body.ShouldBe("ok");
    }
}

public sealed class Tiers_that_relay_an_unsafe_request
{
    [Theory]
    [InlineData("/1", "")]
    [InlineData("/form", "Location: /1")]
    [InlineData("/form", "Content-Location: http://site.cdn.localhost/1")]
    [InlineData("/form", "Cache-Group-Invalidation: \"list\"")]
    public async Task Have_each_forgotten_what_it_changed_when_the_answer_is_there(string target, string fields)
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.Serves("old", "Cache-Control: max-age=60 | Cache-Groups: \"list\"");
        await tiers.Visitor.GetAsync("/1");
        (tiers.Shield.Store.Count, tiers.Pop.Store.Count).ShouldBe((1, 1));

        // The origin's answer stands at the gate in its middle: its head is relayed when both tiers have forgotten.
        var gate = new Gate();
        tiers.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync($"{fields} | Content-Length: 2");
            await exchange.SendAsync("o");
            await gate.PassAsync();
            await exchange.SendAsync("k");
        };
        using var client = new HttpClient();
        using var post = new HttpRequestMessage(HttpMethod.Post, tiers.Pop.Url + target);
        post.Headers.Host = Site.Host;
        using var answer = await client.SendAsync(post, HttpCompletionOption.ResponseHeadersRead);
        (tiers.Shield.Store.Count, tiers.Pop.Store.Count).ShouldBe((0, 0));
        gate.Open();
        (await answer.Content.ReadAsStringAsync()).ShouldBe("ok");
    }
}
