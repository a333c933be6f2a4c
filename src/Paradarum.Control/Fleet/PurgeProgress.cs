using System.Collections.Immutable;
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
/// <param name="CountsFinal">The four counts no longer grow: the node's sweep is over, or the node is fenced or gone.</param>
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
/// <param name="Nodes">The accepted set and every other node that counts for complete, shields before PoPs.</param>
internal sealed record PurgeStanding(PurgeState State, DateTimeOffset? CompletedAt, int AcceptedDone, ImmutableArray<NodeProgress> Nodes)
{
    public long Matched => Nodes.Sum(node => node.Objects);

    public int FencedNodes => Nodes.Count(node => node.State == NodeProgressState.Fenced);

    public bool Widened => Nodes.Any(node => node.Widened);

    public bool CountsFinal => State == PurgeState.Complete && Nodes.All(node => node.CountsFinal);
}

/// <summary>What receipts ask of the fleet. Safe from any thread.</summary>
internal sealed class PurgeProgress
{
    /// <summary>Where the purge at <paramref name="position"/> stands, after a restart of the control plane too. Never fails: what is not known of a node is pending or fenced.</summary>
    /// <param name="position">A durable position above the tail.</param>
    /// <param name="acceptedNodes">The nodes that counted at acceptance, shields first.</param>
    public PurgeStanding ProgressOf(ulong position, ImmutableArray<string> acceptedNodes) => throw new NotImplementedException();

    /// <summary>Completes when the purge at <paramref name="position"/> is complete: at once when it is already.</summary>
    public Task WhenCompleteAsync(ulong position, CancellationToken stop) => throw new NotImplementedException();
}
