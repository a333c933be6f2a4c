using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Paradarum.Edge.Telemetry;

/// <summary>Where a node sends its metrics and its part of traces.</summary>
/// <param name="Url">Of the collector.</param>
/// <param name="OverHttp">OTLP over HTTP with protobuf in the place of gRPC.</param>
internal sealed record OtlpTarget(Uri Url, bool OverHttp);

/// <summary>How this folder adds itself to a node: not at all without a collector.</summary>
internal static class TelemetryComposition
{
    public static void AddTelemetry(this IServiceCollection services, OtlpTarget? otlp, string node)
    {
        if (otlp is null)
            return;
        services.AddMetrics();
        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("paradarum-edge", serviceInstanceId: node))
            .WithMetrics(metrics =>
                metrics
                    .AddMeter(NodeMeter.MeterName)
                    .AddInstrumentation(provider => ActivatorUtilities.CreateInstance<NodeMeter>(provider))
                    .AddOtlpExporter(exporter => Configure(exporter, otlp, "v1/metrics"))
            )
            .WithTracing(traces =>
                traces.AddSource(NodeMeter.MeterName).AddOtlpExporter(exporter => Configure(exporter, otlp, "v1/traces"))
            );
    }

    private static void Configure(OtlpExporterOptions exporter, OtlpTarget otlp, string path)
    {
        exporter.Protocol = otlp.OverHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = otlp.OverHttp ? new Uri(otlp.Url, path) : otlp.Url;
    }
}
