using Paradarum.Control.Fleet;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract 1.1, <c>Idempotency-Key</c>.</summary>
public sealed class An_idempotency_key(SharedPurgeHost shared) : IClassFixture<SharedPurgeHost>
{
    private const string All = """{"type":"All"}""";

    private static (string, string) Key(string value) => ("Idempotency-Key", value);

    [Fact]
    public async Task Gets_the_first_answer_byte_for_byte_and_queues_nothing_more()
    {
        await using var host = await PurgeHost.StartAsync();
        var before = host.Feed.Head.Position;
        var first = await host.Purge(All, Key("deploy-17"));
        host.Census = new FleetCensus([], ["p9"]); // a count taken anew would be another one
        var second = await host.Purge(All, Key("deploy-17"));
        await SameAnswer(first, second);
        host.Feed.Head.Position.ShouldBe(before + 1);

        var batch = await host.Batch("""{"items":[{"type":"All"},7]}""", Key("b"));
        await SameAnswer(batch, await host.Batch("""{"items":[{"type":"All"},7]}""", Key("b")));
        host.Feed.Head.Position.ShouldBe(before + 2);
    }

    [Fact]
    public async Task Is_remembered_over_a_restart()
    {
        await using var host = await PurgeHost.StartAsync();
        var first = await host.Purge(All, Key("k"));
        var again = await host.RestartAsync();
        try
        {
            var head = again.Feed.Head.Position;
            await SameAnswer(first, await again.Purge(All, Key("k")));
            again.Feed.Head.Position.ShouldBe(head);
        }
        finally
        {
            await again.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("", """{"type":"all"}""")]
    [InlineData("", """{"type":"All" }""")]
    [InlineData("/batch", All)]
    public async Task With_another_body_or_endpoint_is_409(string endpoint, string body)
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Purge(All, Key("k"));
        var head = host.Feed.Head.Position;
        // A batch of the same bytes would be refused by itself: it gets items that make it valid, under the same key.
        var sent = endpoint.Length == 0 ? body : """{"items":[{"type":"All"}]}""";
        var answer = await host.Post(host.Path + endpoint, sent, Key("k"));
        answer.Status.ShouldBe(409);
        answer.Message.ShouldBe("Idempotency-Key was already used with another request.");
        host.Feed.Head.Position.ShouldBe(head);
    }

    [Fact]
    public async Task Is_the_propertys_own()
    {
        await using var host = await PurgeHost.StartAsync();
        var other = await host.Control.AddPropertyAsync("other");
        var first = await host.Purge(All, Key("k"));
        var second = await host.Post($"/api/property/{other.Id}/purge", """{"type":"Path","value":"/"}""", Key("k"));
        second.Status.ShouldBe(200);
        second.Data.GetProperty("purgeId").GetString().ShouldNotBe(first.Data.GetProperty("purgeId").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task That_is_malformed_is_400(string key)
    {
        var host = shared.Host;
        var head = host.Feed.Head.Position;
        var answer = await host.Purge(All, Key(key));
        answer.Status.ShouldBe(400);
        answer.Message.ShouldBe("Idempotency-Key must be 1 to 64 visible ASCII characters.");
        host.Feed.Head.Position.ShouldBe(head);
        (await host.Purge(All, Key("1234567890123456789012345678901234567890123456789012345678901!~a"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Remembers_no_refusal()
    {
        await using var host = await PurgeHost.StartAsync();
        host.Census = FleetCensus.Empty;
        (await host.Purge(All, Key("k"))).Status.ShouldBe(500);
        (await host.Purge("""{"type":"Nonsense"}""", Key("k"))).Status.ShouldBe(400);
        host.Census = PurgeHost.TwoShieldsFourPops;
        (await host.Purge(All, Key("k"))).Status.ShouldBe(200);
        // Remembered now: it is judged before hostnames and nodes are.
        host.Census = FleetCensus.Empty;
        (await host.Purge(All, Key("k"))).Status.ShouldBe(200);
        (await host.Purge("""{"type":"Path","value":"/"}""", Key("k"))).Status.ShouldBe(409);
        (await host.Purge(All)).Status.ShouldBe(500);
    }

    [Fact]
    public async Task Is_forgotten_after_a_day()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Purge(All, Key("k"));
        var head = host.Feed.Head.Position;
        host.Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        (await host.Purge(All, Key("k"))).Status.ShouldBe(200);
        host.Feed.Head.Position.ShouldBe(head);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        (await host.Purge("""{"type":"Path","value":"/"}""", Key("k"))).Status.ShouldBe(200);
        host.Feed.Head.Position.ShouldBe(head + 1);
    }

    [Fact]
    public async Task Makes_a_twin_in_flight_wait_for_the_answer_of_the_first()
    {
        await using var host = await PurgeHost.StartAsync();
        var before = host.Feed.Head.Position;
        using var held = new PurgeLog.HeldFlush();
        host.Flush = held.Flush;
        var twins = Enumerable.Range(0, 8).Select(_ => host.Purge(All, Key("twin"))).ToList();
        await held.Reached;
        held.LetGo();
        var answers = await Task.WhenAll(twins);
        foreach (var answer in answers)
            await SameAnswer(answers[0], answer);
        host.Feed.Head.Position.ShouldBe(before + 1);
    }

    private static async Task SameAnswer(ApiAnswer first, ApiAnswer second)
    {
        first.Status.ShouldBe(200);
        second.Status.ShouldBe(200);
        second.Response.Headers.Location.ShouldBe(first.Response.Headers.Location);
        (await second.Response.Content.ReadAsByteArrayAsync()).ShouldBe(await first.Response.Content.ReadAsByteArrayAsync());
    }
}
