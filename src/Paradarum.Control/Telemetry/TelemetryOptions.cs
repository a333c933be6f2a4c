using System.Net;

namespace Paradarum.Control.Telemetry;

/// <summary>What the operator is told of the installation, and who may ask. Checked once, at start.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Who may read <c>/metrics</c> besides loopback. Default: nobody.</summary>
    public IReadOnlyList<IPNetwork> MetricsReaders { get; init; } = [];

    /// <summary>Where metrics and traces are sent by OTLP; null (the default): nowhere, and traces are not made at all.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>OTLP over HTTP with protobuf (port 4318 by habit) in the place of gRPC (4317).</summary>
    public bool OtlpOverHttp { get; init; }

    /// <summary>How often the prober purges its canary and reads it from every PoP. 1 s to 1 h; 0 (the default here; the commands turn it on) is never.</summary>
    public TimeSpan ProbeEvery { get; init; }

    /// <summary>Where nodes reach this control plane's API port, for the canary's origin; null: where it listens.</summary>
    public Uri? CanaryOrigin { get; init; }

    /// <summary>All that is wrong, each sentence naming its key; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (ProbeEvery != TimeSpan.Zero && (ProbeEvery < TimeSpan.FromSeconds(1) || ProbeEvery > TimeSpan.FromHours(1)))
            problems.Add($"Telemetry:ProbeEvery is {ProbeEvery}; it must be between 1 s and 1 h, or 0 for never.");
        foreach (var (key, url) in new[] { ("Otlp", Otlp), ("CanaryOrigin", CanaryOrigin) })
        {
            if (url is not null && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https")))
                problems.Add($"Telemetry:{key} is '{url}'; it must be an http or https URL.");
        }
        return problems;
    }
}
