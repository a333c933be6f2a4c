using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Catalogue.Verification;
using Paradarum.Control.Fleet;
using Paradarum.Edge;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Testing;

/// <summary>
/// A whole small CDN in this process, over real sockets: control plane, shields, PoPs, a scripted origin and one property. Each node follows the log over a link that
/// a test can cut or freeze.
/// </summary>
internal sealed class TestFleet : IAsyncDisposable
{
    public const string Host = "site.cdn.localhost";

    private readonly TemporaryFolder _folder = new();
    private readonly List<TestEdge> _edges = [];

    private TestFleet(ControlHost control, ScriptedOrigin origin, CatalogueProperty property) =>
        (Control, Origin, Property) = (control, origin, property);

    public ControlHost Control { get; }

    public ScriptedOrigin Origin { get; }

    public CatalogueProperty Property { get; }

    public IReadOnlyList<TestEdge> Shields => [.. _edges.Where(edge => edge.Role == NodeRole.Shield)];

    public IReadOnlyList<TestEdge> Pops => [.. _edges.Where(edge => edge.Role == NodeRole.Pop)];

    public FleetRegistry Registry => Control.Plane.Services.GetRequiredService<FleetRegistry>();

    /// <summary>Started and healthy.</summary>
    /// <param name="tailBytes">Newest records that the control plane holds in memory; null for the default.</param>
    /// <param name="dns">Who is asked where hostnames lead; null for this machine's resolvers.</param>
    public static async Task<TestFleet> StartAsync(
        int shields = 1,
        int pops = 2,
        FleetOptions? leases = null,
        long? tailBytes = null,
        IPEndPoint? dns = null
    )
    {
        var origin = new ScriptedOrigin();
        var control = await ControlHost.StartAsync(configure: options =>
            options with
            {
                Fleet = leases ?? new FleetOptions(),
                Dns = dns is null ? options.Dns : new DnsOptions { Servers = [dns] },
                Log = options.Log with { TailBytes = tailBytes ?? options.Log.TailBytes },
            }
        );
        var property = await control.AddPropertyAsync(
            "site",
            accountId: null,
            new Protocol.Configuration.Origin("http", "127.0.0.1", origin.Port, "", true)
        );
        var fleet = new TestFleet(control, origin, property);
        // Shields first: a PoP that joins then knows them from its first moment.
        await fleet.StartNodesAsync("shield", NodeRole.Shield, shields);
        await fleet.StartNodesAsync("pop", NodeRole.Pop, pops);
        return fleet;
    }

    /// <summary>Another property of the same account behind the same origin, known to every PoP; a visitor of the first PoP.</summary>
    public async Task<Visitor> AddNeighbourAsync(string name)
    {
        await Control.AddPropertyAsync(
            name,
            accountId: null,
            new Protocol.Configuration.Origin("http", "127.0.0.1", Origin.Port, "", true)
        );
        foreach (var pop in Pops)
        {
            using var visitor = pop.NewVisitor(name);
            await Eventually.Async(async () => (await visitor.GetAsync("/")).Status == System.Net.HttpStatusCode.OK);
        }
        return Pops[0].NewVisitor(name);
    }

    /// <summary>From now on the origin answers every request with this.</summary>
    public void Serves(string body, string fields = "Cache-Control: max-age=60") =>
        Origin.Script = exchange => exchange.RespondAsync(body, fields);

    /// <summary>Sends a purge that must be accepted; returns the path of its receipt.</summary>
    public Task<string> PurgeAsync(string type, string? value = null, string? matchType = null) =>
        Control.Client.PurgeAsync(
            Property.Id,
            new
            {
                type,
                value,
                matchType,
            }
        );

    public Task<JsonObject> ReceiptAsync(string location, string? wait = null) => Control.Client.ReceiptAsync(location, wait);

    /// <summary>Purges and waits until it is complete.</summary>
    public async Task<JsonObject> PurgeAndWaitAsync(string type, string? value = null, string? matchType = null)
    {
        var receipt = await ReceiptAsync(await PurgeAsync(type, value, matchType), "60s");
        return receipt["state"]!.GetValue<string>() == "complete"
            ? receipt
            : throw new InvalidOperationException($"Not complete: {receipt.ToJsonString()}");
    }

    /// <summary>Completes when this node alone has applied the purge.</summary>
    public Task WhenAppliedAsync(TestEdge edge, string location) =>
        Eventually.Async(async () =>
            (await ReceiptAsync(location))["perNode"]!
                .AsArray()
                .Any(node => node!["id"]!.GetValue<string>() == edge.Id && node["state"]!.GetValue<string>() == "applied")
        );

    /// <summary>Registers a node that the test plays itself; its enrolment token.</summary>
    public async Task<string> RegisterAsync(string name, NodeRole role) =>
        ControlHost.Opened(await Registry.CreateAsync(ControlHost.Somebody, name, role, CancellationToken.None)).EnrolmentToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var edge in _edges)
            await edge.DisposeAsync();
        await Control.DisposeAsync();
        await Origin.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartNodesAsync(string name, NodeRole role, int count)
    {
        for (var n = 1; n <= count; n++)
            _edges.Add(await StartNodeAsync($"{name}-{n}", role));
        await Registry.WhenHealthyAsync([.. _edges.Select(edge => edge.Id)], CancellationToken.None);
    }

    private async Task<TestEdge> StartNodeAsync(string name, NodeRole role)
    {
        var link = new CuttableLink(Control.Plane.Fleet.Port);
        var options = new NodeHostOptions(
            new EdgeOptions
            {
                Name = name,
                Role = role == NodeRole.Shield ? EdgeRole.Shield : EdgeRole.Pop,
                ShieldRestsFor = TimeSpan.Zero,
                OriginsAllow = AllowedAddresses.Loopback,
            },
            _folder[name],
            link.Url,
            Port: FreePorts.Row(1)
        )
        {
            EnrolmentToken = await RegisterAsync(name, role),
        };
        var edge = new TestEdge(options, role, link);
        await edge.StartAsync();
        return edge;
    }
}

/// <summary>One node of a test fleet.</summary>
internal sealed class TestEdge(NodeHostOptions options, NodeRole role, CuttableLink link) : IAsyncDisposable
{
    private NodeHost? _node;
    private Visitor? _visitor;

    public NodeRole Role { get; } = role;

    /// <summary>Its way to the control plane.</summary>
    public CuttableLink Link { get; } = link;

    public NodeHost Node => _node ?? throw new InvalidOperationException("The node is down.");

    public string Id { get; private set; } = "";

    public Visitor Visitor => _visitor ?? throw new InvalidOperationException("The node is down.");

    /// <summary>A visitor of another property, on this node.</summary>
    public Visitor NewVisitor(string property) => NewVisitorOf($"{property}.cdn.localhost");

    public Visitor NewVisitorOf(string hostname) => new(Node.Url.ToString(), hostname);

    public Task<Visit> VisitAsync(string target, params (string Name, string Value)[] headers) => Visitor.GetAsync(target, headers);

    public async Task StartAsync()
    {
        _node = ControlHost.Opened(await NodeHost.StartAsync(options, CancellationToken.None));
        _visitor = new Visitor(_node.Url.ToString(), TestFleet.Host);
        Id = _node.Id;
    }

    /// <summary>The process is gone, without a word to the others.</summary>
    public async Task KillAsync()
    {
        Link.Cut();
        await StopAsync();
        Link.Restore();
    }

    /// <summary>The process ends in good order.</summary>
    public async Task StopAsync()
    {
        if (_node is null)
            return;
        _visitor?.Dispose();
        await _node.DisposeAsync();
        _node = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Link.DisposeAsync();
    }
}
