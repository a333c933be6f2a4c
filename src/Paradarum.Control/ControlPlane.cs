using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Control.Auditing;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Catalogue.Certificates;
using Paradarum.Control.Database;
using Paradarum.Control.Fleet;
using Paradarum.Control.Panel;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;
using Paradarum.Control.Replicas;
using Paradarum.Control.Telemetry;
using Paradarum.Control.Webhooks;
using Paradarum.Protocol.Tls;

namespace Paradarum.Control;

/// <summary>A running control plane: the table of contents of this project. Each folder adds, loads and maps itself.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    /// <summary>How long requests may go on that are being answered when this stops.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(10);

    /// <summary>The same of one that another has superseded: it can make nothing durable any more, and may be the next one's successor.</summary>
    private static readonly TimeSpan SupersededEndsWithin = TimeSpan.FromSeconds(1);

    private readonly WebApplication _app;
    private readonly LogWriter _writer;
    private readonly ILoggerFactory _logging;
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;

    private ControlPlane(WebApplication app, LogWriter writer, ILoggerFactory logging, ControlPlaneOptions options)
    {
        (_app, _writer, _logging) = (app, writer, logging);
        Over = Task.WhenAny(writer.Over, _failed.Task).Unwrap();
        // The host stops by itself when a part that runs in the background has thrown: what is left of it answers nobody.
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            if (!Volatile.Read(ref _disposed))
                _failed.TrySetResult("A part of it has failed; its log says which.");
        });
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var ports = addresses.Select(address => BindingAddress.Parse(address).Port).ToArray();
        // In the order they were listened on: the API's (one or two addresses, one port), then the fleet's.
        var scheme = options.Certificate is null ? "http" : "https";
        Api = UrlOf(scheme, options.ApiAddress, "localhost", ports[0]);
        Fleet = UrlOf(scheme, options.FleetAddress, "127.0.0.1", ports[^1]);
        app.Services.GetRequiredService<Panel.Fleet.FleetAddress>().Url = Fleet;
    }

    /// <summary>Where clients reach the REST API.</summary>
    public Uri Api { get; }

    /// <summary>Where nodes reach the fleet's gRPC service.</summary>
    public Uri Fleet { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Completes, with the reason, when it cannot go on although nobody has stopped it: as <see cref="LogWriter.Over"/>, where who started it disposes it and starts anew, or because of <see cref="HasFailed"/>.</summary>
    public Task<string> Over { get; }

    /// <summary>The same as of now: <see cref="Over"/> itself may complete a moment after whoever was refused a write hears of it.</summary>
    public bool IsOver => HasFailed || _writer.Over.IsCompleted;

    /// <summary>A part of it has failed: a mistake of this program's, which a start in the same process may only repeat.</summary>
    public bool HasFailed => _failed.Task.IsCompleted;

    /// <summary>Opens the data folder, brings the database to this version, reads it into memory and listens. Ready when it returns.</summary>
    /// <exception cref="ArgumentException">Options out of range, all at once.</exception>
    /// <exception cref="LogCannotStartException">The data folder is taken or cannot be used; the message is for the operator.</exception>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<ControlPlane> StartAsync(
        ControlPlaneOptions options,
        ControlPlaneSurroundings surroundings,
        CancellationToken stop
    )
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(" ", problems), nameof(options));

        var logging = LoggerFactory.Create(builder =>
        {
            surroundings.Logging(builder);
            // It warns at every start that its keys lie unencrypted, as everything in the data folder does: that is its owner's alone.
            builder.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        });
        LogWriter? writer = null;
        WebApplication? app = null;
        try
        {
            var log = logging.CreateLogger<LogWriter>();
            writer = LogWriter.Open(options.Log, surroundings.Time, log, surroundings.Flush, DurableTables.Parts);
            await Schema.MigrateAsync(writer, stop);
            var vault = CertificateVault.Open(options.Log.Folder);
            var fleet = await FleetHosting.OpenAsync(writer, options.Fleet, vault.Key, surroundings.Time, logging, stop);
            app = Build(options, surroundings, logging, writer, vault, fleet);
            await LoadAsync(app.Services, writer, stop);
            Map(app);
            options.Certificate?.Problem = logging.CreateLogger<ControlPlane>().CertificateUnusable;
            await app.StartAsync(stop);
            var control = new ControlPlane(app, writer, logging, options);
            if (options.Log.Database is not null)
                await app
                    .Services.GetRequiredService<ReplicaRequests>()
                    .AnnounceAsync(
                        writer,
                        options.AdvertiseApi ?? Elsewhere(control.Api, options.ApiAddress),
                        options.AdvertiseFleet ?? Elsewhere(control.Fleet, options.FleetAddress),
                        stop
                    );
            return control;
        }
        catch
        {
            if (app is not null)
                await app.DisposeAsync();
            if (writer is not null)
                await writer.DisposeAsync();
            logging.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await _app.StopWithinAsync(_writer.Over.IsCompleted ? SupersededEndsWithin : EndsWithin);
        await _app.DisposeAsync();
        // After it: what stops may still have something to write, and to say.
        await _writer.DisposeAsync();
        _logging.Dispose();
    }

    private static WebApplication Build(
        ControlPlaneOptions options,
        ControlPlaneSurroundings surroundings,
        ILoggerFactory logging,
        LogWriter writer,
        CertificateVault vault,
        FleetDesk fleet
    )
    {
        // Empty: nothing is read from files or the environment behind the caller's back.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));

        var services = builder.Services;
        services.AddSingleton<IHostLifetime, StoppedByItsOwner>();
        // One set of log targets for all of the control plane; it outlives the host (an instance is not disposed by it).
        services.AddSingleton(logging);
        services.AddLogging();
        services.AddSingleton(surroundings.Time);
        services.AddSingleton(writer);
        services.AddSingleton(writer.Feed);
        services.AddSingleton(writer.Readers);
        services.AddApi();
        services.AddAccess(options.KeyRates);
        services.AddCatalogue(options.SystemDomain, options.Dns, options.OriginsAllow, vault);
        services.AddFleet(fleet, provider => provider.GetRequiredService<PropertyCatalogue>().Current);
        services.AddPurging(() => fleet.Census);
        services.AddAuditing();
        services.AddWebhooks(options.Webhooks);
        services.AddTelemetry(options.Telemetry);
        services.AddPanel(options.Log.Folder);
        services.AddSingleton<ReplicaRequests>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<FirstProperty>();
        surroundings.Services(services);
        return builder.Build();
    }

    private static async Task LoadAsync(IServiceProvider services, LogWriter writer, CancellationToken stop)
    {
        await services.LoadAccessAsync(writer, stop);
        await services.GetRequiredService<PropertyChanges>().LoadAsync(stop);
        await services.GetRequiredService<WebhookDirectory>().LoadAsync(stop);
    }

    private static void Map(WebApplication app)
    {
        ReplicaRequests.Use(app);
        app.UsePanelErrors();
        app.UseApi();
        app.UseTelemetry();
        app.UsePurging();
        app.UseAccess();
        app.UsePanel();
        app.MapApi();
        var api = app.MapApiRoutes();
        api.MapAccess();
        api.MapCatalogue();
        api.MapPurging();
        api.MapAuditing();
        api.MapWebhooks();
        api.MapNodes();
        app.MapFleet();
        app.MapTelemetry();
        app.MapPanel();
    }

    /// <summary>Both ports: the API's, then the fleet's.</summary>
    internal static void Listen(KestrelServerOptions kestrel, ControlPlaneOptions options)
    {
        // Bodies are bounded where they are read (JsonBody), after the guards that come first (contract 1.3).
        kestrel.Limits.MaxRequestBodySize = null;
        ListenForApi(kestrel, options);
        kestrel.Listen(options.FleetAddress ?? IPAddress.Loopback, options.FleetPort, ForFleet);

        // Kestrel speaks HTTP/2 without TLS only on a port that speaks nothing else (design section 7).
        void ForFleet(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http2;
            Secure(listen, options.Certificate);
            listen.MarkAsFleet();
        }
    }

    private static void ListenForApi(KestrelServerOptions kestrel, ControlPlaneOptions options)
    {
        kestrel.AddServerHeader = false;
        if (options.ApiAddress is { } address)
            kestrel.Listen(address, options.ApiPort, ForApi);
        else if (options.ApiPort == 0)
            kestrel.Listen(IPAddress.Loopback, 0, ForApi);
        else
            kestrel.ListenLocalhost(options.ApiPort, ForApi);

        void ForApi(ListenOptions listen)
        {
            // Without TLS there is nothing to agree on HTTP/2 with.
            listen.Protocols = options.Certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            Secure(listen, options.Certificate);
        }
    }

    /// <summary>As another control plane reaches it; null where only this machine's own addresses are known.</summary>
    private static Uri? Elsewhere(Uri here, IPAddress? address) => IsEvery(address) ? null : here;

    /// <summary>As this machine reaches it: a server on every address is reached on loopback too.</summary>
    private static Uri UrlOf(string scheme, IPAddress? address, string loopback, int port)
    {
        var host = address is null || IsEvery(address) ? loopback : $"{new IPEndPoint(address, 0)}"[..^2];
        return new Uri($"{scheme}://{host}:{port}");
    }

    private static bool IsEvery(IPAddress? address) => IPAddress.Any.Equals(address) || IPAddress.IPv6Any.Equals(address);

    private static void Secure(ListenOptions listen, CertificateFiles? certificate)
    {
        if (certificate is not null)
            listen.UseHttps(
                new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => new(certificate.Current.Options),
                    HandshakeTimeout = ServerTls.HandshakeWithin,
                }
            );
    }
}
