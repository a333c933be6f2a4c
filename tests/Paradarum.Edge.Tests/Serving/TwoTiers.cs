using Paradarum.Edge.Serving;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>A PoP, a shield behind it and an origin behind that; each node applies the log as far as the test says.</summary>
internal sealed class TwoTiers : IAsyncDisposable
{
    public static readonly byte[] FleetKey = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    private TwoTiers(ScriptedOrigin origin, TestLog log, TestNode shield, TestNode pop) =>
        (Origin, Log, Shield, Pop, Visitor) = (origin, log, shield, pop, new Visitor(pop.Url, Site.Host));

    public ScriptedOrigin Origin { get; }

    public TestLog Log { get; }

    public TestNode Shield { get; }

    public TestNode Pop { get; }

    public Visitor Visitor { get; }

    public static async Task<TwoTiers> StartAsync(Func<PropertyConfiguration, PropertyConfiguration>? configure = null, bool small = false)
    {
        var origin = new ScriptedOrigin();
        var log = new TestLog();
        log.Configure(Site.Id, (configure ?? (site => site))(Site.At(origin) with { ShieldEnabled = true }));
        var tiers = new TwoTiers(
            origin,
            log,
            await TestNode.StartAsync(
                log,
                small ? Download.SmallSlices with { Name = "shield1", Role = EdgeRole.Shield } : TestNode.Shield()
            ),
            await TestNode.StartAsync(log, small ? Download.SmallSlices : null)
        );
        tiers.Knows(new ShieldAddress("s1", new Uri(tiers.Shield.Url)));
        return tiers;
    }

    /// <summary>What PoP and shield are told of the fleet.</summary>
    public void Knows(params ShieldAddress[] shields)
    {
        Shield.Fleet.Current = new FleetKnowledge([], FleetKey, ReadOnlyMemory<byte>.Empty);
        Pop.Fleet.Current = new FleetKnowledge([.. shields], FleetKey, ReadOnlyMemory<byte>.Empty);
    }

    public void Serves(string body, string fields = "Cache-Control: max-age=60") =>
        Origin.Script = exchange => exchange.RespondAsync(body, fields);

    /// <summary>Answers 304 to the tag it would send, else the body with that tag.</summary>
    public void ServesTagged(string body, string tag) =>
        Origin.Script = exchange =>
            exchange.Request["If-None-Match"] == tag
                ? exchange.NotModifiedAsync($"Cache-Control: max-age=60 | ETag: {tag}")
                : exchange.RespondAsync(body, $"Cache-Control: max-age=60 | ETag: {tag}");

    public async ValueTask DisposeAsync()
    {
        Visitor.Dispose();
        await Pop.DisposeAsync();
        await Shield.DisposeAsync();
        await Origin.DisposeAsync();
    }
}
