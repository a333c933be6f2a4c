using System.Collections.Immutable;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>What the control plane knew of a process start before it was itself restarted.</summary>
internal sealed record KnownInstance(string NodeId, InstanceFacts Facts, bool Latest);

/// <summary>What is read from the database at a control-plane start.</summary>
/// <param name="Head">The durable head.</param>
/// <param name="CompleteThrough">Everything up to here was complete and persisted.</param>
/// <param name="LongestGranted">The longest lease and grace any node may have been granted before.</param>
/// <param name="Restored">The database came from a backup: nodes that it does not know may hold the largest lease the settings allow.</param>
/// <param name="Promoted">The database's standby took over: it knows every node, and nothing is complete before what any of them may hold has run out.</param>
internal sealed record FleetStart(ulong Head, ulong CompleteThrough, LeaseTerms LongestGranted, bool Restored, bool Promoted = false);

/// <summary>
/// Which nodes may be sent what, who holds a lease, what is complete: decided without I/O, from events and the time since the control plane's start
/// (design section 3). Not safe from several threads: <see cref="FleetDesk"/> owns it, and the lock it holds is the one the design speaks of.
/// </summary>
internal sealed class FleetMachine
{
    private readonly Dictionary<string, FleetNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<FleetNode> _shields = [];
    private readonly FleetLeases _leases;
    private readonly TimeSpan _assumedUntil;

    public FleetMachine(
        FleetOptions options,
        FleetStart start,
        LeaseCount count,
        IEnumerable<FleetNode> nodes,
        IEnumerable<KnownInstance> instances
    )
    {
        foreach (var node in nodes)
            Add(node);
        var longest = start.Restored ? LeaseTerms.Largest : start.LongestGranted;
        _assumedUntil = count.Unfenced(longest);
        foreach (var instance in instances)
            Assume(instance, count.Live(longest), _assumedUntil);
        _leases = new FleetLeases(new LeaseTerms(options.Lease, options.Grace), count);
        Dispatch = new FleetDispatch(options, _shields) { Head = start.Head };
        Completion = new FleetCompletion(
            _nodes.Values,
            start.CompleteThrough,
            start.Restored || start.Promoted ? _assumedUntil : TimeSpan.Zero
        );
    }

    public FleetDispatch Dispatch { get; }

    public FleetCompletion Completion { get; }

    public IReadOnlyCollection<FleetNode> Nodes => _nodes.Values;

    public FleetNode? Find(string nodeId) => _nodes.GetValueOrDefault(nodeId);

    public void Add(FleetNode node)
    {
        _nodes.Add(node.Id, node);
        if (node.Role == NodeRole.Shield)
            _shields.Add(node);
    }

    /// <summary>The log's durable end moved; it only rises.</summary>
    public void HeadMoved(ulong head) => Dispatch.Head = Math.Max(Dispatch.Head, head);

    /// <summary>A node opens a stream.</summary>
    /// <param name="node">Authenticated.</param>
    /// <param name="facts">Already persisted: what may be granted a lease must be known after a restart.</param>
    /// <param name="presented">Its cursor when it is one of this log, else null: it is sent a snapshot.</param>
    /// <returns>Null when a later start of the same node holds its folder: the caller is dead or a ghost.</returns>
    public NodeLink? Hello(FleetNode node, InstanceFacts facts, ulong? presented, TimeSpan now)
    {
        if (IsDead(node, facts))
            return null;
        Completion.ForgetBlocker();
        if (node.Current is not { } current || !string.Equals(current.Facts.InstanceId, facts.InstanceId, StringComparison.Ordinal))
            current = Displace(node, facts);
        node.Displaced.RemoveAll(former => former.IsFenced(now));
        if (node.Link is { } former)
            former.Closed = true;
        node.EverConnected = true;
        current.NotePresented(presented, now);
        node.EverApplied = Math.Max(node.EverApplied, current.Applied);
        return node.Link = new NodeLink(node, current, presented);
    }

    /// <summary>A later start of the node is known that holds the same folder.</summary>
    public static bool IsDead(FleetNode node, InstanceFacts facts) => node.Holdings.Any(known => known.Facts.ProvesDead(facts));

    /// <summary>Answers a heartbeat that has arrived by <paramref name="now"/>.</summary>
    public Renewal Heartbeat(NodeLink link, TimeSpan now) => _leases.Renew(link, () => Dispatch.Head, now);

    /// <summary>
    /// The node applied everything up to <paramref name="position"/>. False when it was never sent that: the stream is broken. One that is still to be sent a snapshot, because the log no
    /// longer reaches back to it, may say how far it came before; that counts for nothing.
    /// </summary>
    public bool Acknowledge(NodeLink link, ulong position)
    {
        if (link.Closed)
            return true;
        if (position > link.MostSent)
            return link.Sent is null;
        link.Holding.NoteApplied(position);
        link.NoteAcknowledged(position);
        link.Node.EverApplied = Math.Max(link.Node.EverApplied, position);
        return true;
    }

    /// <summary>The stream is over. What the node may hold runs on.</summary>
    public void LinkLost(NodeLink link)
    {
        link.Closed = true;
        if (ReferenceEquals(link.Node.Link, link))
            link.Node.Link = null;
    }

    /// <summary>The node gave up its lease and dropped its store. Former process starts of it still count until fenced.</summary>
    public void LeaveDone(NodeLink link)
    {
        if (link.Closed || !link.Node.Leaving)
            return;
        link.Node.Current = null;
        Completion.ForgetBlocker();
        LinkLost(link);
    }

    /// <summary>
    /// The process start behind the stream serves nobody any more and gave up its lease: it is fenced from here on, and nobody waits for it. Former starts of the node count on.
    /// False on a stream that another one took over from.
    /// </summary>
    public bool Goodbye(NodeLink link)
    {
        if (link.Closed)
            return false;
        link.Holding.GiveUp();
        link.Node.WasHealthy = false;
        Completion.ForgetBlocker();
        LinkLost(link);
        return true;
    }

    /// <summary>Takes deleted nodes that no longer may hold a lease out of the fleet.</summary>
    public IReadOnlyList<FleetNode> TakeGone(TimeSpan now)
    {
        List<FleetNode> gone = [.. _nodes.Values.Where(node => node.Leaving && node.Holdings.All(holding => holding.IsFenced(now)))];
        foreach (var node in gone)
        {
            if (node.Link is { } link)
                LinkLost(link);
            _nodes.Remove(node.Id);
            _shields.Remove(node);
            Completion.ForgetBlocker();
        }
        return gone;
    }

    /// <summary>Its lease or grace runs; shortly after a control-plane start, what was last known.</summary>
    public bool IsHealthy(FleetNode node, TimeSpan now) => node.Current?.IsHealthy(now) == true || (node.WasHealthy && now < _assumedUntil);

    /// <summary>Who counts for a purge accepted now (contract 1.1).</summary>
    public FleetCensus Census(TimeSpan now) => new(Counted(NodeRole.Shield, now), Counted(NodeRole.Pop, now));

    /// <summary>When something changes by time alone, if ever.</summary>
    public TimeSpan? NextChange(TimeSpan now)
    {
        var next = _nodes.Values.SelectMany(node => node.Holdings).Min(holding => holding.NextChange(now));
        return now < _assumedUntil && (next is null || _assumedUntil < next) ? _assumedUntil : next;
    }

    private ImmutableArray<string> Counted(NodeRole role, TimeSpan now) =>
        [
            .. _nodes
                .Values.Where(node => node.Role == role && node.Enabled && !node.Leaving && IsHealthy(node, now))
                .Select(node => node.Id)
                .Order(StringComparer.Ordinal),
        ];

    private static LeaseHolding Displace(FleetNode node, InstanceFacts facts)
    {
        if (node.Current is { } former)
            node.Displaced.Add(former);
        // The same process come back (two copies of one folder that take turns): what it holds is what it held, and counts once.
        var known = node.Displaced.Find(displaced => string.Equals(displaced.Facts.InstanceId, facts.InstanceId, StringComparison.Ordinal));
        node.Displaced.RemoveAll(displaced => ReferenceEquals(displaced, known) || facts.ProvesDead(displaced.Facts));
        return node.Current = known ?? new LeaseHolding(facts);
    }

    private void Assume(KnownInstance instance, TimeSpan liveUntil, TimeSpan unfencedUntil)
    {
        if (Find(instance.NodeId) is not { } node)
            return;
        var holding = new LeaseHolding(instance.Facts);
        holding.AssumeGranted(liveUntil, unfencedUntil);
        node.EverConnected = true;
        if (instance.Latest)
            node.Current = holding;
        else
            node.Displaced.Add(holding);
    }
}
