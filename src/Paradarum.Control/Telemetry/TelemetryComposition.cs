using System.Diagnostics.Metrics;
using System.Net;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Paradarum.Control.Fleet;
using Paradarum.Control.Purging;

namespace Paradarum.Control.Telemetry;

/// <summary>How this folder adds itself to the control plane: metrics at <c>/metrics</c> and, when asked, metrics and traces by OTLP.</summary>
internal static class TelemetryComposition
{
    /// <summary>Where Prometheus reads (text format), on the API's port.</summary>
    public static readonly PathString MetricsPath = "/metrics";

    // Nodes of the same process (`up`) are told of too.
    private const string All = "Paradarum.*";
    private const string OfTheServer = "Microsoft.AspNetCore";

    public static void AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddSingleton(options);
        services.AddMetrics();
        services.AddSingleton(provider => provider.GetRequiredService<IMeterFactory>().Create(PurgeMeter.MeterName));
        services.AddSingleton<ProbeMeter>();
        services.AddSingleton<Canary>();
        services.AddSingleton<FleetMeter>();
        services.AddSingleton<CertificateWatch>();
        services.AddSingleton<Prober>();
        services.AddSingleton<Health>();
        services.AddHostedService(provider => provider.GetRequiredService<FleetMeter>());
        services.AddHostedService(provider => provider.GetRequiredService<CertificateWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<Prober>());

        var telemetry = services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("paradarum-control"))
            .WithMetrics(metrics => ConfigureMetrics(metrics, options));
        if (options.Otlp is not null)
            telemetry.WithTracing(traces =>
                traces.AddSource(All, OfTheServer).AddOtlpExporter(otlp => Configure(otlp, options, "v1/traces"))
            );
    }

    /// <summary>Outside the frame of the API: it has no envelope and no credential, only a list of who may read.</summary>
    public static void UseTelemetry(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<TelemetryOptions>();
        app.UseWhen(
            context => context.Request.Path == MetricsPath,
            metrics =>
                metrics.Use((context, next) => RefuseStrangersAsync(context, next, options)).UseOpenTelemetryPrometheusScrapingEndpoint()
        );
        var health = app.Services.GetRequiredService<Health>();
        Answer(app, Health.LivePath, context => Health.SayAsync(context, StatusCodes.Status200OK, "live"));
        Answer(app, Health.ReadyPath, health.AnswerReadyAsync);
    }

    private static void Answer(WebApplication app, PathString path, RequestDelegate answer) =>
        app.UseWhen(
            context =>
                context.Request.Path == path && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)),
            health => health.Run(answer)
        );

    public static void MapTelemetry(this WebApplication app) => app.Services.GetRequiredService<Canary>().Map(app);

    private static void ConfigureMetrics(MeterProviderBuilder metrics, TelemetryOptions options)
    {
        metrics.AddMeter(All, OfTheServer + ".Server.Kestrel").AddPrometheusExporter();
        if (options.Otlp is not null)
            metrics.AddOtlpExporter(otlp => Configure(otlp, options, "v1/metrics"));
    }

    private static void Configure(OtlpExporterOptions otlp, TelemetryOptions options, string path)
    {
        otlp.Protocol = options.OtlpOverHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        otlp.Endpoint = options.OtlpOverHttp ? new Uri(options.Otlp!, path) : options.Otlp!;
    }

    private static Task RefuseStrangersAsync(HttpContext context, RequestDelegate next, TelemetryOptions options)
    {
        if (MayRead(context.Connection.RemoteIpAddress, options))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync("Metrics are for this machine and for the networks that --metrics-from names.\n");
    }

    /// <summary>Loopback and the networks on the list; an address that is not known is a stranger's.</summary>
    internal static bool MayRead(IPAddress? from, TelemetryOptions options)
    {
        if (from is null)
            return false;
        var address = from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        return IPAddress.IsLoopback(address) || options.MetricsReaders.Any(network => network.Contains(address));
    }
}
