using System.Collections.Immutable;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>How far a purge has come; only moves forward (contract part 2).</summary>
internal enum PurgeState
{
    Queued,
    Shields,
    Pops,
    Complete,
}

/// <summary>What one node still owes a purge (contract part 2).</summary>
internal enum NodeProgressState
{
    /// <summary>Its lease runs and it has not acknowledged.</summary>
    Pending,

    /// <summary>Its lease lapsed, its grace runs.</summary>
    Owed,

    Fenced,
    Applied,
}

/// <summary>One node's line in a receipt.</summary>
/// <param name="AppliedAt">The control plane's clock at the acknowledgement; null until then.</param>
/// <param name="CountsFinal">The four counts no longer grow: the node's sweep is over, or the node is gone. Not while it is fenced: it may come back.</param>
internal sealed record NodeProgress(
    string Id,
    string Name,
    NodeRole Role,
    NodeProgressState State,
    DateTimeOffset? AppliedAt,
    long Objects,
    long Bytes,
    long ReclaimedObjects,
    long ReclaimedBytes,
    bool Widened,
    bool CountsFinal
);

/// <summary>One purge as the fleet sees it now.</summary>
/// <param name="CompletedAt">Persisted once, never revoked; set exactly when <paramref name="State"/> is complete.</param>
/// <param name="AcceptedDone">How many nodes of the accepted set applied it, are fenced, or have left; all of them at complete.</param>
/// <param name="Nodes">The accepted set and every other node that counts for complete or, once it is, removed something; shields before PoPs.</param>
internal sealed record PurgeStanding(PurgeState State, DateTimeOffset? CompletedAt, int AcceptedDone, ImmutableArray<NodeProgress> Nodes)
{
    public long Matched => Nodes.Sum(node => node.Objects);

    public int FencedNodes => Nodes.Count(node => node.State == NodeProgressState.Fenced);

    public bool Widened => Nodes.Any(node => node.Widened);

    public bool CountsFinal => State == PurgeState.Complete && Nodes.All(node => node.CountsFinal);
}

/// <summary>How far the fleet has come, as far as that is on disk. Each is at most the one after it in the order of the states.</summary>
internal readonly record struct PurgeFrontiers(ulong Complete, ulong Pops, ulong Shields)
{
    public PurgeState StateOf(ulong position) =>
        position <= Complete ? PurgeState.Complete
        : position <= Pops ? PurgeState.Pops
        : position <= Shields ? PurgeState.Shields
        : PurgeState.Queued;

    public static PurgeFrontiers Of(FleetReading fleet)
    {
        var complete = fleet.Machine.Completion.AnnouncedThrough;
        var pops = Math.Max(complete, fleet.Book.PopFrontier);
        return new PurgeFrontiers(complete, pops, Math.Max(pops, fleet.Book.ShieldFrontier));
    }
}

/// <summary>What receipts ask of the fleet. Safe from any thread.</summary>
internal sealed class PurgeProgress(FleetDesk desk, LogReaders readers)
{
    /// <summary>Where the purge at <paramref name="position"/> stands, after a restart of the control plane too. Never fails: what is not known of a node is pending or fenced.</summary>
    /// <param name="position">A durable position above the tail.</param>
    /// <param name="acceptedNodes">The nodes that counted at acceptance, shields first.</param>
    public PurgeStanding ProgressOf(ulong position, ImmutableArray<string> acceptedNodes)
    {
        var standing = desk.Read(fleet =>
            Standing(position, acceptedNodes, fleet, OlderFacts.None, out var missing) is var known && !missing ? known : null
        );
        if (standing is not null)
            return standing;
        // Too old for memory: what was written is asked, outside the fleet's lock.
        var older = Older(position);
        return desk.Read(fleet => Standing(position, acceptedNodes, fleet, older, out _));
    }

    public PurgeFrontiers Frontiers => desk.Read(PurgeFrontiers.Of);

    /// <summary>When a purge became complete; null when it is not.</summary>
    public DateTimeOffset? CompletedAt(ulong position) =>
        desk.Read(fleet => fleet.Machine.Completion.AnnouncedThrough < position)
            ? null
            : (
                desk.Read(fleet => fleet.Book.CompletedAt(position)) ?? readers.Read(reader => ReceiptStore.FindCompleted(reader, position))
            )?.At;

    /// <summary>Completes when receipts may show something new; what time alone changes does not count.</summary>
    public Task NextShown => desk.NextShown;

    /// <summary>Completes when the purge at <paramref name="position"/> is complete: at once when it is already.</summary>
    public Task WhenCompleteAsync(ulong position, CancellationToken stop) => desk.WhenCompleteAsync(position, stop);

    private static PurgeStanding Standing(
        ulong position,
        ImmutableArray<string> acceptedNodes,
        FleetReading fleet,
        OlderFacts older,
        out bool missing
    )
    {
        var complete = fleet.Machine.Completion.AnnouncedThrough >= position;
        var completed = complete ? fleet.Book.CompletedAt(position) ?? older.Completed : null;
        missing = (complete && completed is null) || !fleet.Book.RemembersCountsAt(position);
        // At complete, who removed something stays, accepted or not: figures never shrink.
        var others = complete
            ? fleet.Book.CountedAt(position).Concat(older.Counts.Keys.Select(key => key.NodeId))
            : Counting(fleet.Machine, fleet.Now);
        var ids = acceptedNodes.Concat(others).Distinct(StringComparer.Ordinal);
        var nodes = ImmutableArray.CreateBuilder<NodeProgress>();
        foreach (var id in ids)
        {
            var progress = ProgressOfNode(id, position, complete, fleet, older);
            missing |= progress is { State: NodeProgressState.Applied, AppliedAt: null };
            nodes.Add(progress);
        }
        var accepted = acceptedNodes.ToHashSet(StringComparer.Ordinal);
        return new PurgeStanding(
            PurgeFrontiers.Of(fleet).StateOf(position),
            completed?.At,
            nodes.Count(node => accepted.Contains(node.Id) && node.State is NodeProgressState.Applied or NodeProgressState.Fenced),
            [.. nodes.OrderBy(node => node.Role).ThenBy(node => node.Name, StringComparer.Ordinal)]
        );
    }

    /// <summary>Nodes that count for complete whether or not they counted at acceptance.</summary>
    private static IEnumerable<string> Counting(FleetMachine machine, TimeSpan now) =>
        machine.Nodes.Where(node => node.Holdings.Any(holding => !holding.IsFenced(now))).Select(node => node.Id);

    private static NodeProgress ProgressOfNode(string id, ulong position, bool complete, FleetReading fleet, OlderFacts older)
    {
        var node = fleet.Machine.Find(id);
        var record = fleet.Records.GetValueOrDefault(id);
        var state = StateOfNode(node, fleet.Book.HasApplied(id, position), position, complete, fleet.Now);
        var appliedAt = state == NodeProgressState.Applied ? fleet.Book.AppliedAt(id, position) ?? older.AppliedAt(id, position) : null;
        var count = fleet.Book.CountOf(id, position) ?? older.Counts.GetValueOrDefault(new CountKey(position, id));
        return new NodeProgress(
            id,
            record?.Name ?? id,
            record?.Role ?? NodeRole.Pop,
            state,
            appliedAt,
            count?.Objects ?? 0,
            count?.Bytes ?? 0,
            count?.ReclaimedObjects ?? 0,
            count?.ReclaimedBytes ?? 0,
            count?.Widened ?? false,
            // A fenced node may come back with its store, and then counts what it removes.
            CountsFinal: node is null || (state == NodeProgressState.Applied && fleet.Book.AreFinal(id, position, count))
        );
    }

    /// <param name="applied">Nothing of the node that may still serve is behind, and that is on disk.</param>
    private static NodeProgressState StateOfNode(FleetNode? node, bool applied, ulong position, bool complete, TimeSpan now)
    {
        if (applied)
            return NodeProgressState.Applied;
        if (complete || node is null)
            return NodeProgressState.Fenced;
        var counting = node.Holdings.Where(holding => !holding.IsFenced(now)).ToList();
        if (counting.Count == 0)
            return NodeProgressState.Fenced;
        // An acknowledgement that is not on disk yet is not shown: the node is what it was.
        var behind = counting.Where(holding => holding.Applied < position).DefaultIfEmpty(counting[^1]);
        return behind.Any(holding => holding.LeaseRuns(now)) ? NodeProgressState.Pending : NodeProgressState.Owed;
    }

    private OlderFacts Older(ulong position) =>
        readers.Read(reader => new OlderFacts(
            ReceiptStore.FindCompleted(reader, position),
            [.. ReceiptStore.FindAcks(reader, position).OrderBy(range => range.Through)],
            ReceiptStore.FindCounts(reader, position)
        ));

    /// <summary>What the database knows of one position that memory has forgotten.</summary>
    private sealed record OlderFacts(Completed? Completed, ImmutableArray<AckRange> Acks, IReadOnlyDictionary<CountKey, PurgeCount> Counts)
    {
        public static readonly OlderFacts None = new(null, [], ImmutableDictionary<CountKey, PurgeCount>.Empty);

        public DateTimeOffset? AppliedAt(string nodeId, ulong position)
        {
            foreach (var range in Acks)
            {
                if (range.After < position && range.Through >= position && string.Equals(range.NodeId, nodeId, StringComparison.Ordinal))
                    return range.At;
            }
            return null;
        }
    }
}
