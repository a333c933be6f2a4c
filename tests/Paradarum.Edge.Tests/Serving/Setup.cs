using Paradarum.Edge.Serving;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>One PoP in front of one scripted origin, with one property, its visitor and the log that the test writes.</summary>
internal sealed class OnePop : IAsyncDisposable
{
    private OnePop(ScriptedOrigin origin, TestLog log, TestNode pop) =>
        (Origin, Log, Pop, Visitor) = (origin, log, pop, new Visitor(pop.Url, Site.Host));

    public ScriptedOrigin Origin { get; }

    public TestLog Log { get; }

    public TestNode Pop { get; }

    public Visitor Visitor { get; }

    public static async Task<OnePop> StartAsync(
        Func<PropertyConfiguration, PropertyConfiguration>? configure = null,
        EdgeOptions? options = null
    )
    {
        var origin = new ScriptedOrigin();
        var log = new TestLog();
        log.Configure(Site.Id, (configure ?? (site => site))(Site.At(origin)));
        return new OnePop(origin, log, await TestNode.StartAsync(log, options));
    }

    /// <summary>Every answer carries these fields and this body from now on.</summary>
    public void Serves(string body, string fields = "Cache-Control: max-age=60", string status = "200 OK") =>
        Origin.Script = exchange => exchange.RespondAsync(body, fields, status);

    /// <summary>Purges, and applies it.</summary>
    public void Purge(string type, string? value = null, string? matchType = null)
    {
        Log.Purge(Site.Id, type, value, matchType);
        Pop.CatchUp();
    }

    public async ValueTask DisposeAsync()
    {
        Visitor.Dispose();
        await Pop.DisposeAsync();
        await Origin.DisposeAsync();
    }
}
