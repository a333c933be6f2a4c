using System.Net;
using System.Net.WebSockets;
using System.Text;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Origins are asked by few at a time, and the rest wait in a bounded queue.</summary>
public sealed class A_busy_origin
{
    [Fact]
    public async Task Is_asked_by_so_many_at_once_and_those_beyond_the_queue_are_told_to_come_again()
    {
        await using var site = await OnePop.StartAsync(options: TestNode.Pop() with { ConnectionsPerUpstream = 2, QueuePerUpstream = 1 });
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("x");
        };
        var upstream = $"http://127.0.0.1:{site.Origin.Port}";
        var places = site.Pop.Places;
        var asking = new[] { site.Visitor.GetAsync("/1"), site.Visitor.GetAsync("/2") };
        await Eventually.Async(() => site.Origin.Requests.Count == 2);
        var waiting = site.Visitor.SendAsync(HttpMethod.Post, "/3");
        await Eventually.Async(() => places.Waiting(Site.Id, upstream) == 1);

        var refused = await site.Visitor.GetAsync("/4");
        (refused.Status, refused.Headers["Retry-After"]).ShouldBe((HttpStatusCode.ServiceUnavailable, "1"));
        refused.Headers["Cache-Status"].ShouldContain("detail=origin-queue-full");
        site.Origin.Requests.Count.ShouldBe(2);

        gate.Open();
        foreach (var visit in asking.Append(waiting))
            (await visit).Body.ShouldBe("x");
        places.Waiting(Site.Id, upstream).ShouldBe(0);
    }

    [Fact]
    public async Task Keeps_nobody_waiting_for_longer_than_it_has_for_an_answer()
    {
        await using var site = await OnePop.StartAsync(options: TestNode.Pop() with { ConnectionsPerUpstream = 1 });
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync("Content-Length: 1");
            await gate.PassAsync();
            await exchange.SendAsync("x");
        };
        var asking = site.Visitor.GetAsync("/1");
        await gate.Arrived;
        var waiting = site.Visitor.GetAsync("/2");
        var upstream = $"http://127.0.0.1:{site.Origin.Port}";
        await Eventually.Async(() => site.Pop.Places.Waiting(Site.Id, upstream) == 1);
        site.Pop.Time.Advance(TimeSpan.FromSeconds(31));
        (await waiting).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        gate.Open();
        (await asking).Body.ShouldBe("x");
    }

    [Fact]
    public async Task Of_one_property_keeps_no_other_from_its_own()
    {
        await using var site = await OnePop.StartAsync(options: TestNode.Pop() with { ConnectionsPerUpstream = 1, QueuePerUpstream = 0 });
        var other = Site.At(site.Origin) with { Hostnames = [new PropertyHostname("other.cdn.localhost", Active: true)] };
        site.Log.Configure(Site.Id + 1, other);
        site.Pop.CatchUp();
        using var neighbour = new Visitor(site.Pop.Url, "other.cdn.localhost");
        var gate = new Gate();
        site.Origin.Script = exchange => exchange.Request.Target == "/slow" ? gate.PassAsync() : exchange.RespondAsync("x");
        var slow = site.Visitor.GetAsync("/slow");
        await gate.Arrived;
        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await neighbour.GetAsync("/page")).Body.ShouldBe("x", "they share the very upstream");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(31));
        await slow;
        gate.Open();
    }

    [Fact]
    public async Task Is_spared_by_what_may_be_served_stale()
    {
        await using var site = await OnePop.StartAsync(
            at => at with { AlwaysOnline = StaleConditions.Error },
            TestNode.Pop() with
            {
                ConnectionsPerUpstream = 1,
                QueuePerUpstream = 0,
            }
        );
        site.Serves("old");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(70));
        var gate = new Gate();
        site.Origin.Script = exchange => gate.PassAsync();
        var slow = site.Visitor.GetAsync("/slow");
        await gate.Arrived;
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("old");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(31));
        await slow;
        gate.Open();
    }

    [Fact]
    public async Task Sees_one_fetch_for_each_URL_of_a_herd_after_a_purge_of_everything()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old");
        string[] urls = ["/a", "/b", "/c"];
        foreach (var url in urls)
            await site.Visitor.GetAsync(url);
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("new");
        };
        site.Purge("All");
        var herd = Enumerable.Range(0, 400).Select(visitor => site.Visitor.GetAsync(urls[visitor % 3])).ToArray();
        await Eventually.Async(() => site.Origin.Requests.Count == 6);
        gate.Open();
        foreach (var visit in herd)
            (await visit).Body.ShouldBe("new");
        foreach (var url in urls)
            site.Origin.CountOf(url).ShouldBe(2);
    }
}

/// <summary>RFC 9110 section 9.2.2: what may be made again, and what may not.</summary>
public sealed class A_request_whose_origin_broke_off_before_a_head
{
    [Theory]
    [InlineData("GET", "second")]
    [InlineData("HEAD", "")]
    [InlineData("OPTIONS", "second")]
    [InlineData("PUT", "second")]
    [InlineData("DELETE", "second")]
    [InlineData("POST", "The origin could not be reached.\n")]
    [InlineData("PATCH", "The origin could not be reached.\n")]
    public async Task Is_made_of_the_next_where_its_method_is_idempotent(string method, string body)
    {
        await using var first = new ScriptedOrigin();
        first.Script = exchange =>
        {
            exchange.Reset();
            return Task.CompletedTask;
        };
        await using var site = await OnePop.StartAsync(at => at with { Origins = [Site.At(first).Origins[0], .. at.Origins] });
        site.Serves("second");
        var visit = await site.Visitor.SendAsync(new HttpMethod(method), "/page");
        visit.Body.ShouldBe(body);
        visit.Status.ShouldBe(body.StartsWith("The", StringComparison.Ordinal) ? HttpStatusCode.BadGateway : HttpStatusCode.OK);
        first.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Is_not_made_again_when_the_origin_only_keeps_silent()
    {
        await using var first = new ScriptedOrigin();
        var gate = new Gate();
        first.Script = exchange => gate.PassAsync();
        await using var site = await OnePop.StartAsync(at => at with { Origins = [Site.At(first).Origins[0], .. at.Origins] });
        var visit = site.Visitor.GetAsync("/page");
        await gate.Arrived;
        site.Pop.Time.Advance(TimeSpan.FromSeconds(31));
        (await visit).Status.ShouldBe(HttpStatusCode.GatewayTimeout);
        site.Origin.Requests.ShouldBeEmpty();
        gate.Open();
    }
}

public sealed class A_WebSocket
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Passes_through_every_tier(bool shielded)
    {
        await using var origin = await WebSocketOrigin.StartAsync();
        await using var tiers = await TwoTiers.StartAsync(at => origin.Of(at) with { ShieldEnabled = shielded });

        using var client = new ClientWebSocket();
        client.Options.SetRequestHeader("Host", Site.Host);
        await client.TalkAsync(new Uri($"ws://127.0.0.1:{tiers.Pop.Port}/chat"));
    }
}
