using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Which addresses of origins are connected to: those that the operator lets an account reach.</summary>
public sealed class OriginAddressTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("rebound.example")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("0.0.0.0")]
    [InlineData("127.1")]
    public async Task Loopback_is_not_connected_to_by_any_name_unless_allowed(string host)
    {
        await using var inside = new ScriptedOrigin();
        await using var site = await StartAsync(AllowedAddresses.None, [At(host, inside)]);

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.BadGateway);
        // What is passed through goes by another client.
        (await site.Visitor.SendAsync(HttpMethod.Post, "/form")).Status.ShouldBe(HttpStatusCode.BadGateway);
        inside.Requests.ShouldBeEmpty();
        // Once, not for every request.
        site.Lines.ShouldHaveSingleItem().ShouldContain(host == "0.0.0.0" ? "--origins-allow any" : "--origins-allow loopback");
    }

    [Fact]
    public async Task An_origin_whose_certificate_is_not_verified_is_judged_alike()
    {
        await using var inside = new ScriptedOrigin();
        await using var site = await StartAsync(AllowedAddresses.None, [At("127.0.0.1", inside) with { SslVerify = false }]);

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.BadGateway);
        (await site.Visitor.SendAsync(HttpMethod.Post, "/form")).Status.ShouldBe(HttpStatusCode.BadGateway);
        inside.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.2")]
    [InlineData("127.0.0.2", "0.0.0.0")]
    public async Task Of_several_addresses_of_a_name_only_those_that_are_allowed_are_tried(params string[] addresses)
    {
        // The unspecified address leads to this machine too, where the trap is; nobody is at the one that is allowed.
        await using var trap = new ScriptedOrigin();
        await using var site = await StartAsync(
            AllowedAddresses.Loopback,
            [At("two.example", trap)],
            _ => Array.ConvertAll(addresses, IPAddress.Parse)
        );

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.BadGateway);
        trap.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("rebound.example")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Loopback_is_connected_to_where_the_operator_allows_it(string host)
    {
        await using var inside = new ScriptedOrigin();
        await using var site = await StartAsync(AllowedAddresses.Loopback, [At(host, inside)]);

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.OK);
        inside.CountOf("/page").ShouldBe(1);
        site.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_next_origin_is_asked_for_what_one_that_is_not_allowed_was_to_answer()
    {
        await using var inside = new ScriptedOrigin();
        await using var site = await StartAsync(
            AllowedAddresses.Loopback,
            [new Origin("http", "inner.example", inside.Port, "", SslVerify: true), At("127.0.0.1", inside)],
            _ => [IPAddress.Parse("10.1.2.3"), IPAddress.Parse("169.254.169.254")]
        );

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.OK);
        (await site.Visitor.SendAsync(HttpMethod.Post, "/form")).Status.ShouldBe(HttpStatusCode.OK);
        site.Lines.ShouldHaveSingleItem().ShouldContain("--origins-allow private");
    }

    [Fact]
    public async Task What_a_name_leads_to_counts_when_it_is_connected_to_and_only_what_is_allowed_of_it()
    {
        await using var inside = new ScriptedOrigin();
        var asked = 0;
        // A check before the connection would see the first answer; the connection would be made with the second.
        await using var site = await StartAsync(
            AllowedAddresses.Loopback,
            [At("rebound.example", inside)],
            _ =>
                Interlocked.Increment(ref asked) == 1
                    ? [IPAddress.Parse("169.254.169.254"), IPAddress.Loopback]
                    : [IPAddress.Parse("169.254.169.254")]
        );

        (await site.Visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.OK);
        asked.ShouldBe(1);
    }

    [Fact]
    public async Task A_shield_is_reached_where_an_origin_is_not_and_judges_the_origin_itself()
    {
        await using var origin = new ScriptedOrigin();
        var log = new TestLog();
        log.Configure(Site.Id, Site.At(origin) with { ShieldEnabled = true });
        await using var shield = await TestNode.StartAsync(log, TestNode.Shield());
        await using var strict = await TestNode.StartAsync(log, TestNode.Shield("strict1") with { OriginsAllow = AllowedAddresses.None });
        await using var pop = await TestNode.StartAsync(log, TestNode.Pop() with { OriginsAllow = AllowedAddresses.None });
        using var visitor = new Visitor(pop.Url, Site.Host);
        shield.Fleet.Current = new FleetKnowledge([], TwoTiers.FleetKey, ReadOnlyMemory<byte>.Empty);
        strict.Fleet.Current = shield.Fleet.Current;

        pop.Fleet.Current = shield.Fleet.Current with { Shields = [new ShieldAddress("s1", new Uri(shield.Url))] };
        (await visitor.GetAsync("/page")).Status.ShouldBe(HttpStatusCode.OK);
        pop.Fleet.Current = shield.Fleet.Current with { Shields = [new ShieldAddress("s2", new Uri(strict.Url))] };
        (await visitor.GetAsync("/other")).Status.ShouldBe(HttpStatusCode.BadGateway);
        origin.CountOf("/page").ShouldBe(1);
        origin.CountOf("/other").ShouldBe(0);
    }

    private static Origin At(string host, ScriptedOrigin origin) => new("http", host, origin.Port, "", SslVerify: true);

    private static async Task<GuardedSite> StartAsync(
        AllowedAddresses allowed,
        ImmutableArray<Origin> origins,
        Func<string, IPAddress[]>? resolve = null
    )
    {
        var log = new TestLog();
        await using var unused = new ScriptedOrigin();
        log.Configure(Site.Id, Site.At(unused) with { Origins = origins });
        var lines = new KeptLines();
        // Names of machines are the real service's to know; made-up ones are not.
        var names = new NameService(
            (host, stop) =>
                resolve is not null ? Task.FromResult(resolve(host))
                : host.EndsWith(".example", StringComparison.Ordinal) ? Task.FromResult<IPAddress[]>([IPAddress.Loopback])
                : Dns.GetHostAddressesAsync(host, stop)
        );
        var pop = await TestNode.StartAsync(log, TestNode.Pop() with { OriginsAllow = allowed }, names: names, logging: lines);
        return new GuardedSite(pop, lines);
    }

    private sealed class GuardedSite(TestNode pop, KeptLines lines) : IAsyncDisposable
    {
        public Visitor Visitor { get; } = new(pop.Url, Site.Host);

        public IReadOnlyList<string> Lines => [.. lines.All.Where(line => line.StartsWith("Origin ", StringComparison.Ordinal))];

        public async ValueTask DisposeAsync()
        {
            Visitor.Dispose();
            await pop.DisposeAsync();
        }
    }

    /// <summary>What a node logs as a warning.</summary>
    private sealed class KeptLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => All.Enqueue(formatter(state, exception));

        public void Dispose() { }
    }
}
