using System.Net;
using Paradarum.Control.Telemetry;
using Paradarum.Edge.Telemetry;
using Paradarum.Options;

namespace Paradarum.Processes;

/// <summary>Who may read the metrics, where telemetry is sent, and the prober.</summary>
internal static class TelemetrySettings
{
    /// <summary>Between two probes unless the operator says otherwise.</summary>
    public static readonly TimeSpan ProbeByDefault = TimeSpan.FromSeconds(10);

    private static readonly Setting<IReadOnlyList<IPNetwork>> MetricsFrom = new(
        "metrics-from",
        "NETWORKS",
        "Who may read /metrics on the API's port besides this machine: networks such as 10.0.0.0/8, with commas between them.",
        new SettingKind<IReadOnlyList<IPNetwork>>(
            TryNetworks,
            "a list of networks. Write it as 10.0.0.0/8,2001:db8::/32, one address as 192.0.2.7/32"
        )
    );
    private static readonly Setting<TimeSpan> ProbeEvery = new(
        "probe-every",
        "TIME",
        "How often a canary is purged and read from every PoP; 0 is never, else at least 1s.",
        SettingKinds.Time(TimeSpan.Zero, TimeSpan.FromHours(1)),
        "10s"
    );
    private static readonly Setting<Uri> CanaryOrigin = new(
        "canary-origin",
        "URL",
        "Where nodes reach the API's port, for the canary; needed when that is not where it listens.",
        SettingKinds.ServerUrl
    );
    private static readonly Setting<Uri> Otlp = new("otlp", "URL", "Collector for metrics and traces (OTLP).", SettingKinds.ServerUrl);
    private static readonly Setting<bool> OverHttp = new(
        "otlp-protocol",
        "PROTOCOL",
        "How the collector is spoken to: grpc (port 4317 by habit) or http (4318).",
        SettingKinds.OneOf(("grpc", false), ("http", true)),
        "grpc"
    );

    public static void AddToControl(SettingSheet sheet)
    {
        sheet.Add(MetricsFrom);
        sheet.Add(ProbeEvery);
        sheet.Add(CanaryOrigin);
        AddToEdge(sheet);
    }

    public static void AddToEdge(SettingSheet sheet)
    {
        sheet.Add(Otlp);
        sheet.Add(OverHttp);
    }

    public static TelemetryOptions ReadControl(SettingValues values)
    {
        values.Find(MetricsFrom, out var readers);
        values.Find(CanaryOrigin, out var origin);
        var otlp = ReadEdge(values);
        return new TelemetryOptions
        {
            MetricsReaders = readers ?? [],
            ProbeEvery = values.Read(ProbeEvery),
            CanaryOrigin = origin,
            Otlp = otlp?.Url,
            OtlpOverHttp = otlp?.OverHttp ?? false,
        };
    }

    public static OtlpTarget? ReadEdge(SettingValues values)
    {
        var overHttp = values.Read(OverHttp);
        return values.Find(Otlp, out var url) ? new OtlpTarget(url, overHttp) : null;
    }

    private static bool TryNetworks(string text, out IReadOnlyList<IPNetwork> value)
    {
        var networks = new List<IPNetwork>();
        value = networks;
        foreach (var one in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!one.Contains('/', StringComparison.Ordinal) || !IPNetwork.TryParse(one, out var network))
                return false;
            networks.Add(network);
        }
        return networks.Count > 0;
    }
}
