using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Access;
using Paradarum.Control.Purging;
using Paradarum.Control.Tests.Purging;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Access;

/// <summary>Contract section 0, rate limits: none by default; the operator can set a token bucket per key, answered 429 with Retry-After.</summary>
public sealed class A_key_that_may_ask_so_often
{
    private static Task<PurgeHost> StartAsync(int perSecond, int burst) =>
        PurgeHost.StartAsync(options =>
            options with
            {
                KeyRates = new KeyRateOptions { PerSecond = perSecond, Burst = burst },
            }
        );

    [Fact]
    public async Task Is_answered_429_in_the_envelope_with_Retry_After_once_its_burst_is_used_and_queues_nothing()
    {
        await using var host = await StartAsync(perSecond: 2, burst: 3);
        for (var i = 0; i < 3; i++)
            (await host.Purge("""{"type":"All"}""")).Status.ShouldBe(200);
        var head = host.Feed.Head.Position;

        var refused = await host.Purge("""{"type":"All"}""");
        (refused.Status, refused.Succeeded).ShouldBe((429, false));
        refused.Message.ShouldBe("Too many requests with this API key. The operator allows 2 a second.");
        refused.Data.ValueKind.ShouldBe(JsonValueKind.Null);
        refused.Response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        host.Feed.Head.Position.ShouldBe(head);

        // Half a second later there is one token, and one alone.
        host.Time.Advance(TimeSpan.FromMilliseconds(500));
        (await host.Purge("""{"type":"All"}""")).Status.ShouldBe(200);
        (await host.Purge("""{"type":"All"}""")).Status.ShouldBe(429);
        // However long it is quiet: no more than the burst.
        host.Time.Advance(TimeSpan.FromHours(1));
        var answers = new List<int>();
        for (var i = 0; i < 5; i++)
            answers.Add((await host.Purge("""{"type":"All"}""")).Status);
        answers.ShouldBe([200, 200, 200, 429, 429]);
    }

    [Fact]
    public async Task Says_in_Retry_After_when_it_is_worth_trying_again()
    {
        await using var host = await StartAsync(perSecond: 1, burst: 1);
        (await host.Purge("""{"type":"All"}""")).Status.ShouldBe(200);
        host.Time.Advance(TimeSpan.FromMilliseconds(100));
        var after = (await host.Purge("""{"type":"All"}""")).Response.Headers.RetryAfter!.Delta!.Value;
        host.Time.Advance(after);
        (await host.Purge("""{"type":"All"}""")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Takes_nothing_from_another_key_nor_from_a_session_and_every_endpoint_counts()
    {
        await using var host = await StartAsync(perSecond: 1, burst: 2);
        var signedIn = await host.Control.Client.PostAnswerAsync(
            "/api/auth/login",
            new { email = host.Control.Operator.Email, password = host.Control.Operator.Password }
        );
        var made = await host.Control.Client.PostAnswerAsync("/api/account/apikeys", new { name = "other" });
        using var other = host.Control.NewClient(made.Data.GetProperty("key").GetString());
        (await host.Control.Client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
        (await host.Control.Client.GetAnswerAsync("/api/property")).Status.ShouldBe(429);

        (await other.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
        using var session = host.Control.NewClient(apiKey: null);
        session.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            signedIn.Data.GetProperty("token").GetString()
        );
        for (var i = 0; i < 5; i++)
            (await session.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
        using var nobody = host.Control.NewClient("pdm_" + new string('x', 28));
        for (var i = 0; i < 5; i++)
            (await nobody.GetAnswerAsync("/api/property")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Has_no_limit_unless_the_operator_sets_one()
    {
        await using var host = await PurgeHost.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => host.Control.Client.GetAnswerAsync("/api/property")));
        answers.ShouldAllBe(answer => answer.Status == 200);
    }

    [Fact]
    public async Task Gets_exactly_its_burst_when_all_come_at_once()
    {
        var rates = new KeyRates(new KeyRateOptions { PerSecond = 1, Burst = 1_000 }, new FakeTimeProvider());
        var granted = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        for (var i = 0; i < 1_000; i++)
                        {
                            if (rates.Take(7) is null)
                                Interlocked.Increment(ref granted);
                        }
                    })
                )
        );
        granted.ShouldBe(1_000);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(100_001, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1_000_001)]
    public void Is_limited_within_reason(int perSecond, int burst) =>
        new KeyRateOptions { PerSecond = perSecond, Burst = burst }
            .Problems()
            .Count.ShouldBe(1);
}

/// <summary>Whatever there is too much of, its 429 says when to try again.</summary>
public sealed class Too_many_event_streams
{
    [Fact]
    public async Task Are_answered_429_with_Retry_After_until_one_ends()
    {
        await using var fleet = await The_events_of_a_purge.Leased.StartAsync();
        var (location, position) = await fleet.PurgeAsync();
        var watches = fleet.Host.Plane.Services.GetRequiredService<PurgeWatches>();
        var purgeId = location[(location.LastIndexOf('/') + 1)..];
        var row = fleet.Host.Plane.Services.GetRequiredService<PurgeReceipts>().Find(fleet.Property.Id, purgeId)!;
        row.Position.ShouldBe(position);
        var joined = Enumerable
            .Range(0, PurgeWatches.MostOnProperty)
            .Select(_ => ControlHost.Opened(watches.Join(fleet.Property.Id, purgeId, row)))
            .ToList();

        var refused = await fleet.Host.Client.GetAnswerAsync(location + "/events");
        refused.Status.ShouldBe(429);
        refused.Response.Headers.GetValues("Retry-After").ShouldBe([5.ToString(CultureInfo.InvariantCulture)]);

        watches.Leave(fleet.Property.Id, purgeId, joined[0]);
        using var events = await The_events_of_a_purge.EventStream.OpenAsync(fleet.Host.Client, location + "/events");
        (await events.NextAsync()).ShouldNotBeNull();
    }
}
