using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Telemetry;

/// <summary>What is to be seen of the log and of each node. Read when somebody asks, except for the times of the head, which are followed.</summary>
internal sealed class FleetMeter : BackgroundService
{
    private static readonly TimeSpan OneCollection = TimeSpan.FromMilliseconds(100);

    private readonly LogFeed _feed;
    private readonly FleetRegistry _fleet;
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly Lock _lock = new();
    private readonly HeadTimes _headTimes = new(); // under _lock
    private ImmutableArray<NodeStanding> _standings = []; // under _lock
    private TimeSpan _readAt = TimeSpan.MinValue; // under _lock

    public FleetMeter(Meter meter, LogFeed feed, LogWriter writer, FleetRegistry fleet, FleetDesk desk, TimeProvider time)
    {
        (_feed, _fleet, _time, _startedAt) = (feed, fleet, time, time.GetTimestamp());
        meter.CreateObservableGauge("paradarum.log.head", () => (long)feed.Head.Position, "{position}", "Durable end of the log");
        meter.CreateObservableGauge("paradarum.log.tail", () => (long)feed.Tail, "{position}", "Oldest position that is no longer kept");
        meter.CreateObservableCounter("paradarum.log.commits", () => writer.Commits.Groups, "{commit}", "Groups of writes made durable");
        meter.CreateObservableCounter("paradarum.log.commit.time", () => writer.Commits.Time.TotalSeconds, "s", "That their commits took");
        meter.CreateObservableCounter("paradarum.purges.widened", () => desk.Widened, "{purge}", "Purges that a node widened to All");
        PerNode(meter, "paradarum.node.lag", "{position}", "Records that the node has not acknowledged", node => node.Lag);
        PerNode(meter, "paradarum.node.lag.time", "s", "Age of the oldest record that the node has not acknowledged", LagTime);
        PerNode(meter, "paradarum.node.lease", null, "2: the lease runs; 1: lapsed, grace runs; 0: fenced", node => (int)node.Lease);
        PerNode(meter, "paradarum.node.healthy", null, "1: counts for purges accepted now", node => node.Healthy ? 1 : 0);
        PerNode(meter, "paradarum.node.rules", "{rule}", "Live rules: not retired on the node yet", node => node.Figures?.PendingRules);
        PerNode(meter, "paradarum.node.sweep.properties", "{property}", "Still to be swept", node => node.Figures?.PropertiesToSweep);
        PerNode(meter, "paradarum.node.sweep.lag", "{position}", "From the oldest rule still to be swept to what is applied", SweepLag);
        PerNode(meter, "paradarum.node.entries", "{entry}", "Stored responses", node => node.Figures?.Entries);
        PerNode(meter, "paradarum.node.disk", "By", "Bytes that the node's store takes on disk", node => node.Figures?.Disk?.Bytes);
        PerNode(meter, "paradarum.node.disk.condition", null, "0 well, 1 slow, 2 full, 3 failing", node => node.Figures?.Disk?.Condition);
        PerNode(meter, "paradarum.node.disk.faults", "{fault}", "Of the node's disk since its start", node => node.Figures?.Disk?.Faults);
        meter.CreateObservableCounter(
            "paradarum.node.tls.handshakes.failed",
            () => Standings().SelectMany(Handshakes),
            "{handshake}",
            "TLS handshakes of the node that came to nothing since its start, by reason"
        );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var head = _feed.Head.Position;
            lock (_lock)
                _headTimes.Moved(head, Now());
            await _feed.WaitBeyondAsync(head, stoppingToken);
        }
    }

    private TimeSpan Now() => _time.GetElapsedTime(_startedAt);

    /// <summary>One reading of the fleet for all that is measured of it in one collection: each takes the lock under which purges are dispatched.</summary>
    private ImmutableArray<NodeStanding> Standings()
    {
        lock (_lock)
        {
            var now = Now();
            if (_readAt == TimeSpan.MinValue || now - _readAt > OneCollection)
                (_standings, _readAt) = (_fleet.List(), now);
            return _standings;
        }
    }

    private double? LagTime(NodeStanding node)
    {
        if (node.Lag == 0)
            return 0;
        lock (_lock)
            return _headTimes.Lag(node.Applied, Now()).TotalSeconds;
    }

    private static double? SweepLag(NodeStanding node) =>
        node.Figures is not { } figures ? null
        : figures.OldestPending == 0 ? 0
        : node.Applied - Math.Min(node.Applied, figures.OldestPending - 1);

    private static IEnumerable<Measurement<long>> Handshakes(NodeStanding node) =>
        node.Figures?.Handshakes?.ByReason()
            .Select(read => new Measurement<long>(read.Count, [.. Tags(node.Node), new("reason", read.Reason)]))
        ?? [];

    private void PerNode(Meter meter, string name, string? unit, string description, Func<NodeStanding, double?> value) =>
        meter.CreateObservableGauge(
            name,
            () =>
                Standings()
                    .Select(node => (Node: node, Value: value(node)))
                    .Where(read => read.Value is not null)
                    .Select(read => new Measurement<double>(read.Value!.Value, Tags(read.Node.Node))),
            unit,
            description
        );

    /// <summary>The name for people, the id for joining with receipts.</summary>
    public static KeyValuePair<string, object?>[] Tags(NodeRecord node) =>
        [new("node", node.Name), new("node_id", node.Id), new("role", node.Role.ToString().ToLowerInvariant())];
}
