using System.Diagnostics.Metrics;
using Paradarum.Control.Fleet;

namespace Paradarum.Control.Telemetry;

/// <summary>What the prober finds out.</summary>
internal sealed class ProbeMeter(Meter meter)
{
    private readonly Histogram<double> _staleWindow = meter.CreateHistogram<double>(
        "paradarum.probe.stale_window",
        "s",
        "From the acceptance of the canary's purge until a PoP answered a visitor with what came after it",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
        }
    );

    private readonly Counter<long> _probes = meter.CreateCounter<long>("paradarum.probes", "{probe}", "Canaries purged");

    private readonly Counter<long> _failures = meter.CreateCounter<long>(
        "paradarum.probe.failures",
        "{probe}",
        "Probes that found nothing out, by reason"
    );

    private readonly Counter<long> _staleAfterComplete = meter.CreateCounter<long>(
        "paradarum.probe.stale_after_complete",
        "{answer}",
        "Old bytes from a PoP after its purge was complete: must stay 0"
    );

    public void Probed() => _probes.Add(1);

    public void Fresh(NodeRecord pop, TimeSpan after) => _staleWindow.Record(after.TotalSeconds, FleetMeter.Tags(pop));

    public void StaleAfterComplete(NodeRecord pop) => _staleAfterComplete.Add(1, FleetMeter.Tags(pop));

    /// <param name="reason">One of a few words: it is a label.</param>
    public void Failed(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
