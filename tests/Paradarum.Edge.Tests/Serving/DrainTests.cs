using System.Net.Sockets;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

public sealed class A_node_that_is_stopped
{
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Takes_nobody_in_and_finishes_what_runs(string method)
    {
        await using var site = await OnePop.StartAsync();
        var gate = new Gate();
        site.Origin.StopsHalfway("half", gate);
        var visit = site.Visitor.SendAsync(new HttpMethod(method), "/page");
        await gate.Arrived;
        var stopping = site.Pop.StopAsync();
        await Eventually.Async(async () => !await AcceptsAsync(site.Pop.Port));
        stopping.IsCompleted.ShouldBeFalse();
        gate.Open();
        (await visit).Body.ShouldBe("halfhalf");
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

public sealed class The_id_of_a_request
{
    [Fact]
    public async Task Is_one_from_visitor_to_origin_through_every_tier_and_not_the_visitors()
    {
        await using var tiers = await TwoTiers.StartAsync();
        var visit = await tiers.Visitor.GetAsync("/page", ("X-Request-Id", "forged"));
        var id = visit.Headers["X-Request-Id"];
        id.Length.ShouldBe(32);
        tiers.Origin.Last["X-Request-Id"].ShouldBe(id);
        var posted = await tiers.Visitor.SendAsync(HttpMethod.Post, "/page", ("X-Request-Id", "forged"));
        posted.Headers["X-Request-Id"].ShouldNotBe(id);
        tiers.Origin.Last["X-Request-Id"].ShouldBe(posted.Headers["X-Request-Id"]);
    }

    [Fact]
    public async Task Is_not_told_of_another_visitor_from_the_store()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("x", "Cache-Control: max-age=60 | X-Request-Id: of-the-origin");
        (await site.Visitor.GetAsync("/page")).Headers["X-Request-Id"].ShouldNotBe("of-the-origin");
        (await site.Visitor.GetAsync("/page")).Headers.ContainsKey("X-Request-Id").ShouldBeFalse();
    }

    [Theory]
    [InlineData("from-my-proxy.1", true)]
    [InlineData("a b", false)]
    [InlineData("a,b", false)]
    public async Task Is_kept_where_the_operator_trusts_the_sender_and_it_is_harmless(string sent, bool kept)
    {
        await using var site = await OnePop.StartAsync(options: TestNode.Pop() with { TrustsRequestIds = true });
        var id = (await site.Visitor.GetAsync("/page", ("X-Request-Id", sent))).Headers["X-Request-Id"];
        (id == sent).ShouldBe(kept);
        site.Origin.Last["X-Request-Id"].ShouldBe(id);
    }
}
