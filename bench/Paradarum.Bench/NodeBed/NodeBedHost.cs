using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Urls;
using Paradarum.Testing.Edge;

namespace Paradarum.Bench.NodeBed;

/// <summary>
/// A node with the real parts of a PoP and no control plane: it is given its records and its first objects in memory, since a million of them over HTTP would take longer
/// than what is measured. Visitors come over sockets. Its origin answers nobody, so what is not a hit is an error.
/// </summary>
internal sealed class NodeBedHost : IAsyncDisposable
{
    public const string Host = "bench.cdn.localhost";
    public const long PropertyId = 1;
    private const int BodyBytes = 1024;

    private readonly WebApplication _app;
    private readonly Reception _reception;
    private readonly FlightBoard _board;
    private readonly EdgeOptions _options;
    private int _stored;

    private NodeBedHost(WebApplication app, EdgeOptions options)
    {
        (_app, _options) = (app, options);
        State = app.Services.GetRequiredService<NodeState>();
        _board = app.Services.GetRequiredService<FlightBoard>();
        _reception = new Reception(State, app.Services.GetRequiredService<ResponseStore>(), _board, options.LargestStoredBody);
    }

    public NodeState State { get; }

    /// <summary>Bytes on the heap beyond the bodies, for each object that is stored.</summary>
    public double BeyondBodies { get; private set; }

    public static async Task<NodeBedHost> StartAsync(int port, CancellationToken stop)
    {
        var options = new EdgeOptions
        {
            Name = "bench",
            Role = EdgeRole.Pop,
            StoreBytes = 1L << 37,
        };
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.AddEdgeNode(options);
        var app = builder.Build();
        await app.StartAsync(stop);
        var host = new NodeBedHost(app, options);
        var log = new TestLog();
        log.Append(new RecordPayload { PropertyId = PropertyId, Property = Property() });
        host.State.Replace(log.Epoch, 0, Chain.Origin(log.Epoch), []);
        host.State.Apply(log.Records);
        app.Services.GetRequiredService<LeaseHolder>().Current = new Lease(long.MaxValue, long.MaxValue);
        return host;
    }

    /// <summary>Stores objects until there are so many: each as a fetch that is stamped, judged and stored, with the fields of a usual answer.</summary>
    public async Task StoreAsync(int objects)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var first = _stored;
        for (; _stored < objects; _stored++)
            await StoreAsync(string.Create(CultureInfo.InvariantCulture, $"/1k/{_stored}"), _stored);
        if (_stored == first)
            return;
        GC.Collect();
        BeyondBodies = ((double)(GC.GetTotalMemory(forceFullCollection: true) - before) / (_stored - first)) - BodyBytes;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static PropertyBody Property()
    {
        var property = new PropertyBody { Name = "bench", State = PropertyState.Active };
        property.Hostnames.Add(new HostnameMessage { Name = Host, Active = true });
        property.Origins.Add(
            new OriginMessage
            {
                Scheme = "http",
                Host = "127.0.0.1",
                Port = 9,
            }
        );
        return property;
    }

    private async Task StoreAsync(string path, int n)
    {
        if (!CanonicalTarget.Parse(path).Ok(out var target, out var refusal))
            throw new InvalidOperationException(refusal.Message);
        var visitor = new HeaderDictionary { ["Host"] = Host };
        var snapshot = State.Current;
        var plan = new FetchPlan(
            PropertyId,
            new CacheKey("http", Host, target),
            target,
            visitor,
            "127.0.0.1",
            "HTTP/1.1",
            FromPop: false,
            RuleTtl: null,
            NeedsConfirmation: false,
            NotStored: null,
            Promised: 0,
            snapshot.Properties[PropertyId].LastConfiguration
        );
        var body = new GrowingBody(_options.LargestStoredBody, _options.WindowBytes);
        if (Fetching.Begin(State, _board, plan, body, about: null, shared: null, former: null, background: true) is not { } begun)
            throw new UnreachableException("Nobody else fetches.");
        var now = TimeProvider.System.GetUtcNow();
        var arrived = new ArrivedHead(200, Fields(now, n), BodyBytes, EndsItself: true, now, now);
        var head = _reception.Judge(begun.Flight, arrived, shared: null);
        var room = await begun.Flight.Body.RoomAsync(CancellationToken.None);
        room.Span[..BodyBytes].Fill((byte)'x');
        begun.Flight.Body.Advance(BodyBytes);
        _reception.Complete(begun.Flight, head);
        Fetching.End(State, _board, begun.Flight, shared: null);
    }

    /// <summary>As they come off a connection: values are texts of their own.</summary>
    private static HeaderDictionary Fields(DateTimeOffset now, int n) =>
        new()
        {
            ["Date"] = Own(now.ToString("R", CultureInfo.InvariantCulture)),
            ["Server"] = Own("nginx/1.22.1"),
            ["Content-Type"] = Own("text/html"),
            ["Content-Length"] = Own("1024"),
            ["Last-Modified"] = Own("Mon, 02 Mar 2026 10:00:00 GMT"),
            ["ETag"] = string.Create(CultureInfo.InvariantCulture, $"\"{n:x8}-400\""),
            ["Cache-Control"] = Own("max-age=86400"),
        };

    private static StringValues Own(string text) => new string(text.AsSpan());
}
