using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Edge;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Serving.Tls;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Tls;

namespace Paradarum.Testing.Edge;

/// <summary>
/// A real edge node on a real socket, whose log, lease and fleet are moved by the test instead of a control plane. Its clock stands still until the test moves it.
/// </summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TestLog _log;

    private TestNode(WebApplication app, TestLog log, FakeTimeProvider time) => (_app, _log, Time) = (app, log, time);

    public FakeTimeProvider Time { get; }

    public string Url => _app.Urls.First(url => url.StartsWith("http:", StringComparison.Ordinal));

    public int Port => new Uri(Url).Port;

    /// <summary>On a node that was started with TLS.</summary>
    public int TlsPort => new Uri(_app.Urls.First(url => url.StartsWith("https:", StringComparison.Ordinal))).Port;

    public CertificateShelf Shelf => _app.Services.GetRequiredService<CertificateShelf>();

    public TlsDoor TlsDoor => _app.Services.GetRequiredService<TlsDoor>();

    public NodeState State => _app.Services.GetRequiredService<NodeState>();

    public ResponseStore Store => _app.Services.GetRequiredService<ResponseStore>();

    public FleetDirectory Fleet => _app.Services.GetRequiredService<FleetDirectory>();

    public Promises Promises => _app.Services.GetRequiredService<Promises>();

    /// <summary>On a node that was started with a folder.</summary>
    public DiskTier Disk => _app.Services.GetRequiredService<DiskTier>();

    public SharedFetches Fetches => _app.Services.GetRequiredService<SharedFetches>();

    public FlightBoard Board => _app.Services.GetRequiredService<FlightBoard>();

    public UpstreamPlaces Places => _app.Services.GetRequiredService<UpstreamPlaces>();

    private LeaseHolder Lease => _app.Services.GetRequiredService<LeaseHolder>();

    /// <summary>Starts a node that has applied the whole log and holds a lease.</summary>
    /// <param name="log">What it follows.</param>
    /// <param name="options">Its settings; a PoP's when none are given.</param>
    /// <param name="tls">Listens with TLS too.</param>
    /// <param name="folder">Of its disk tier; one that a former node has left is taken up.</param>
    /// <param name="names">In the place of the name service.</param>
    /// <param name="logging">Where its log lines go.</param>
    public static async Task<TestNode> StartAsync(
        TestLog log,
        EdgeOptions? options = null,
        string? folder = null,
        TlsOfNode? tls = null,
        NameService? names = null,
        ILoggerProvider? logging = null
    )
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddRouting();
        builder.Logging.ClearProviders();
        if (logging is not null)
            builder.Logging.AddProvider(logging);
        if (names is not null)
            builder.Services.AddSingleton(names);
        options ??= Pop();
        var listening = new NodeHostOptions(options, "", new Uri("http://127.0.0.1"), Port: 0)
        {
            Https = tls is null ? null : new(null, 0),
        };
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listening.On(kestrel, listening));
        if (tls?.Own is { } own)
            builder.Services.AddSingleton(new NodeCertificate(own));
        if (tls?.Trusted is { } trusted)
            builder.Services.AddSingleton(new UpstreamTrust(trusted));
        builder.AddEdgeNode(options);
        if (folder is not null)
            builder.Services.AddDisk(options, new DiskFiles(folder), options.Name);
        var app = builder.Build();
        await app.StartAsync();
        var node = new TestNode(app, log, time);
        if (node.State.Current.Epoch.Length == 0)
            node.State.Replace(log.Epoch, 0, Chain.Origin(log.Epoch), []);
        node.CatchUp();
        node.IsLeased();
        return node;
    }

    public static EdgeOptions Pop(string name = "pop1") => Of(name, EdgeRole.Pop);

    public static EdgeOptions Shield(string name = "shield1") => Of(name, EdgeRole.Shield);

    /// <summary>Origins of tests are on loopback.</summary>
    private static EdgeOptions Of(string name, EdgeRole role) =>
        new()
        {
            Name = name,
            Role = role,
            OriginsAllow = AllowedAddresses.Loopback,
        };

    /// <summary>Applies the log up to a position; to its head when none is said.</summary>
    public void CatchUp(ulong? upTo = null)
    {
        var behind = _log
            .Records.Where(record => record.Position > State.Current.Position && record.Position <= (upTo ?? _log.Head))
            .ToArray();
        if (behind.Length > 0)
            State.Apply(behind);
    }

    /// <summary>Takes the log up from its start, as a node does that has dropped everything.</summary>
    public void Restart()
    {
        State.Replace(_log.Epoch, 0, Chain.Origin(_log.Epoch), []);
        CatchUp();
    }

    public void IsLeased() => Lease.Current = new Lease(long.MaxValue, long.MaxValue);

    public void IsOwed() => Lease.Current = new Lease(long.MinValue, long.MaxValue);

    public void IsFenced() => Lease.Current = Paradarum.Edge.Leasing.Lease.None;

    /// <summary>Stops it as SIGTERM does.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <param name="Own">The node's own certificate.</param>
/// <param name="Trusted">Whose certificates it believes of upstreams, besides the system's.</param>
internal sealed record TlsOfNode(CertificateFiles? Own = null, TrustedRoots? Trusted = null);
