using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Serving.Tls;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Edge.Telemetry;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge;

/// <summary>What a node is started with.</summary>
/// <param name="Edge">How it serves; checked at the start.</param>
/// <param name="Folder">Its data folder: identity and lock. Created when missing.</param>
/// <param name="Control">The control plane's fleet port.</param>
/// <param name="Port">Where it listens; 0 picks a free one.</param>
internal sealed record NodeHostOptions(EdgeOptions Edge, string Folder, Uri Control, int Port)
{
    /// <summary>Fleet ports of the installation's other control planes, tried in turn when one does not answer.</summary>
    public ImmutableArray<Uri> OtherControls { get; init; } = [];

    /// <summary>Where it listens; null: on loopback.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Whether it listens without TLS at all.</summary>
    public bool ListensHttp { get; init; } = true;

    /// <summary>Where it listens with TLS too; null: nowhere.</summary>
    public HttpsOptions? Https { get; init; }

    /// <summary>The node's own certificate: what PoPs verify a shield by, and what a PoP shows for a name without a certificate.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>Who must have issued the control plane's certificate; null: anybody the system believes.</summary>
    public TrustedRoots? ControlRoots { get; init; }

    /// <summary>Who may have issued certificates of shields and origins besides those that the system believes.</summary>
    public TrustedRoots? UpstreamRoots { get; init; }

    /// <summary>Exchanged once for the node's credential; not needed when the folder holds one.</summary>
    public string? EnrolmentToken { get; init; }

    /// <summary>Where PoPs reach a shield, or visitors a PoP, when that is not where it listens.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>How long what runs may take to its end once the node is stopped; then it is cut off. With the goodbye it must fit into what Program.cs gives a command to end. 0 cuts it off at once.</summary>
    public TimeSpan DrainFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Null: requests are not logged.</summary>
    public AccessLogOptions? AccessLog { get; init; }

    public Action<ILoggingBuilder> Logging { get; init; } = _ => { };

    /// <summary>Where metrics and traces go; null: nowhere.</summary>
    public OtlpTarget? Otlp { get; init; }

    /// <summary>The clock of leases: counts suspended time.</summary>
    public TimeProvider Clock { get; init; } = new BootClock();
}

/// <param name="Address">Null: on loopback.</param>
/// <param name="Port">0 picks a free one.</param>
internal sealed record HttpsOptions(IPAddress? Address, int Port);

/// <summary>A running node, shield or PoP: it listens, follows the log and serves.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    /// <summary>In the data folder, held by its lock.</summary>
    private const string StoreFolder = "store";

    private readonly NodeFolder _folder;
    private readonly WebApplication _app;
    private readonly ControlLinkClient _link;

    private NodeHost(NodeFolder folder, WebApplication app, ControlLinkClient link, NodeIdentity identity, Listening at)
    {
        (_folder, _app, _link, Identity, Url, HttpsUrl) = (folder, app, link, identity, at.Url, at.Https);
        Following = Task.WhenAny([
                _link.ExecuteTask ?? Task.CompletedTask,
                .. app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(FailsAsync),
            ])
            .Unwrap();
    }

    /// <summary>Who it is to the control plane.</summary>
    public NodeIdentity Identity { get; }

    public string Id => Identity.NodeId;

    /// <summary>Where it listens; with TLS where it does not without.</summary>
    public Uri Url { get; }

    /// <summary>Where it listens with TLS; null: nowhere.</summary>
    public Uri? HttpsUrl { get; }

    public NodeState State => _app.Services.GetRequiredService<NodeState>();

    public LeaseHolder Lease => _app.Services.GetRequiredService<LeaseHolder>();

    public IServiceProvider Services => _app.Services;

    /// <summary>
    /// Ends when the node left the fleet, and fails when it could not apply a record, or a part that runs in the background has failed, which stops the server behind its back: then it is to be
    /// stopped, better down than stale or deaf.
    /// </summary>
    public Task Following { get; }

    /// <summary>Whether the folder holds a node's identity: then no enrolment token is needed.</summary>
    public static bool HasIdentity(string folder) => Enrolment.IsDone(folder);

    /// <summary>What a node of this folder proves itself with; null: it has not enrolled.</summary>
    public static NodeIdentity? IdentityIn(string folder) => Enrolment.Read(folder);

    /// <summary>For an identity that the control plane does not take any more: the next start from this folder enrols, and takes nothing of what another node stored.</summary>
    public static void ForgetIdentity(string folder) => Enrolment.Forget(folder);

    /// <summary>Takes the folder, enrols when it must, listens and begins to follow the log. It answers from its first moment, fenced until a grant takes effect.</summary>
    /// <exception cref="ArgumentException">Settings out of range, all of them named.</exception>
    /// <exception cref="IOException">The folder or the port is taken.</exception>
    public static async Task<Result<NodeHost>> StartAsync(NodeHostOptions options, CancellationToken stop)
    {
        var folder = NodeFolder.Take(options.Folder);
        WebApplication? app = null;
        try
        {
            var enrolment = await Enrolment.ReadOrEnrolAsync(
                folder,
                [options.Control, .. options.OtherControls],
                options.ControlRoots,
                options.EnrolmentToken ?? "",
                stop
            );
            if (!enrolment.Ok(out var identity, out var refusal))
            {
                folder.Dispose();
                return refusal;
            }
            if (RoleOf(identity) != options.Edge.Role)
            {
                folder.Dispose();
                return Refusal.Malformed(
                    $"The folder {options.Folder} holds the identity of a {Word(RoleOf(identity))}; it can't run as a {Word(options.Edge.Role)}."
                );
            }
            // Before anything is served: a successor proves its predecessor dead by the lock that it now holds.
            var instance = NodeInstance.Start(folder, options.Clock);
            app = Build(options with { Edge = options.Edge with { Name = NameOf(options.Edge, identity) } }, folder, identity);
            await app.StartAsync(stop);
            var at = Listening.Of(app, options);
            // Follows only once it listens: the others are told where it is when somebody answers there.
            var link = ActivatorUtilities.CreateInstance<ControlLinkClient>(
                app.Services,
                new ControlLinkOptions(
                    [options.Control, .. options.OtherControls],
                    (options.PublicUrl ?? at.Reached(options)).GetLeftPart(UriPartial.Authority)
                )
                {
                    ControlRoots = options.ControlRoots,
                },
                identity,
                instance,
                options.Clock
            );
            // Not the caller's token: it would end the link at the very moment of a stop, before serving is over and that is said.
            await link.StartAsync(CancellationToken.None);
            return new NodeHost(folder, app, link, identity, at);
        }
        catch
        {
            if (app is not null)
                await app.DisposeAsync();
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // 1. Takes in nobody any more; requests under way finish. The lease is kept up meanwhile: they are answered as ever.
        try
        {
            await _app.StopAsync();
        }
        catch (Exception) when (Following.IsFaulted)
        {
            // The part that failed has failed once more; the host stops all others before it says so.
        }
        // 2. Then says so. Said earlier, a purge could be called complete while a visitor is still served from this store.
        await _link.SayGoodbyeAsync();
        await _link.StopAsync(CancellationToken.None);
        _link.Dispose();
        await _app.DisposeAsync();
        // Last: as long as it is held, nobody may claim that this node is dead.
        _folder.Dispose();
    }

    /// <summary>Never ends but with a failure.</summary>
    private static async Task FailsAsync(BackgroundService part)
    {
        try
        {
            await (part.ExecuteTask ?? Task.CompletedTask);
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }
        catch (Exception e)
        {
            throw new IOException($"{part.GetType().Name} has failed: {e.Message}", e);
        }
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    private static WebApplication Build(NodeHostOptions options, NodeFolder folder, NodeIdentity identity)
    {
        // Empty: nothing is read from files or the environment behind the caller's back.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddLogging(options.Logging);
        builder.Services.AddSingleton(new LeaseHolder(options.Clock));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainFor);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listening.On(kestrel, options));
        builder.Services.AddSingleton(new NodeCertificate(options.Certificate));
        builder.Services.AddSingleton(new UpstreamTrust(options.UpstreamRoots));
        builder.AddEdgeNode(options.Edge with { NamesEveryRequest = options.AccessLog is not null, HttpsPort = options.Https?.Port });
        if (options.Edge.DiskBytes > 0)
            builder.Services.AddDisk(options.Edge, new DiskFiles(Path.Combine(folder.Path, StoreFolder)), identity.NodeId);
        builder.Services.AddTelemetry(options.Otlp, options.Edge.Name);
        if (options.AccessLog is { } accessLog)
            builder.Services.AddAccessLog(accessLog, options.Edge.Name);
        return builder.Build();
    }

    private static EdgeRole RoleOf(NodeIdentity identity) => identity.Role == NodeRole.Shield ? EdgeRole.Shield : EdgeRole.Pop;

    private static string Word(EdgeRole role) => role == EdgeRole.Shield ? "shield" : "PoP";

    /// <summary>Unless it was given one: the registered name where that may stand in a header, else the id. Both are unique in the fleet.</summary>
    private static string NameOf(EdgeOptions edge, NodeIdentity identity)
    {
        if (edge.Name.Length > 0)
            return edge.Name;
        return (edge with { Name = identity.Name }).Validate().Count == 0 ? identity.Name : identity.NodeId;
    }
}
