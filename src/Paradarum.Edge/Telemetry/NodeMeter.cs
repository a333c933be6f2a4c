using System.Diagnostics.Metrics;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Telemetry;

/// <summary>What a node says of itself by OTLP; read when it is exported, nothing is counted on a request's way.</summary>
internal sealed class NodeMeter
{
    public const string MeterName = "Paradarum.Edge";

    public NodeMeter(IMeterFactory meters, NodeState state, LeaseHolder lease, ResponseStore store)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("paradarum.edge.position", () => (long)state.Current.Position, "{position}", "Applied");
        meter.CreateObservableGauge("paradarum.edge.lease", () => (int)lease.State, null, "As LeaseState: fenced, grace, in effect");
        meter.CreateObservableGauge("paradarum.edge.rules", () => state.Figures().PendingRules, "{rule}", "Live rules: not retired yet");
        meter.CreateObservableGauge(
            "paradarum.edge.sweep.properties",
            () => state.Figures().PropertiesToSweep,
            "{property}",
            "Still to be swept"
        );
        meter.CreateObservableCounter(
            "paradarum.edge.variants.crowded_out",
            () => store.CrowdedOut,
            "{entry}",
            "Variants that went because their URL had too many"
        );
        meter.CreateObservableGauge("paradarum.edge.entries", () => state.Index.Count, "{entry}", "Stored responses");
    }
}
