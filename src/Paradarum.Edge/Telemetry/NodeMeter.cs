using System.Diagnostics.Metrics;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Telemetry;

/// <summary>What a node says of itself by OTLP; read when it is exported, nothing is counted on a request's way.</summary>
internal sealed class NodeMeter
{
    public const string MeterName = "Paradarum.Edge";

    public NodeMeter(IMeterFactory meters, NodeState state, LeaseHolder lease, ResponseStore store, FlightBoard board)
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
        meter.CreateObservableGauge("paradarum.edge.fetches.visitors", () => board.Visitors, "{visitor}", "Visitors of fetches under way");
        meter.CreateObservableCounter(
            "paradarum.edge.variants.crowded_out",
            () => store.CrowdedOut,
            "{entry}",
            "Variants that went because their URL had too many"
        );
        meter.CreateObservableGauge("paradarum.edge.entries", () => state.Index.Count, "{entry}", "Stored responses");
        meter.CreateObservableCounter(
            "paradarum.edge.tls.handshakes.failed",
            () => Handshakes(state),
            "{handshake}",
            "Handshakes that came to nothing, by reason"
        );
        if (Figures(state).Disk is null)
            return;
        meter.CreateObservableGauge("paradarum.edge.disk", () => Disk(state).Bytes, "By", "Of all files of the store");
        meter.CreateObservableGauge(
            "paradarum.edge.disk.condition",
            () => Disk(state).Condition,
            null,
            "0 well, 1 slow, 2 full, 3 failing"
        );
        meter.CreateObservableGauge("paradarum.edge.disk.position", () => (long)Disk(state).Durable, "{position}", "The durable cursor");
        meter.CreateObservableCounter("paradarum.edge.disk.faults", () => Disk(state).Faults, "{fault}", "Of the disk since the start");
    }

    private static DiskFigures Disk(NodeState state) => Figures(state).Disk;

    private static IEnumerable<Measurement<long>> Handshakes(NodeState state) =>
        Figures(state).Handshakes is { } failed
            ? failed.ByReason().Select(read => new Measurement<long>(read.Count, new KeyValuePair<string, object?>("reason", read.Reason)))
            : [];

    private static NodeFigures Figures(NodeState state)
    {
        var figures = new NodeFigures();
        state.MoreFigures?.Invoke(figures);
        return figures;
    }
}
