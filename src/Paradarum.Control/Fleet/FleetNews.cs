using System.Collections.Immutable;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>A range that is complete, with when.</summary>
internal sealed record Completed(ulong After, ulong Through, DateTimeOffset At, ImmutableArray<string> FencedNodes);

/// <summary>A node acknowledged everything after <paramref name="After"/> up to <paramref name="Through"/> at one moment.</summary>
internal readonly record struct AckRange(string NodeId, ulong After, ulong Through, DateTimeOffset At);

/// <summary>What one node removed for one purge.</summary>
internal readonly record struct CountKey(ulong Position, string NodeId);

/// <summary>
/// Everything the fleet has yet to write, written together: one row for all acknowledgements, however many nodes and purges they cover, and one statement for all nodes that
/// <paramref name="Advanced"/>. Of a node it is only what the fleet found out, never what the registry changes.
/// </summary>
/// <param name="Found">Nodes that are reached elsewhere than before, or have left.</param>
/// <param name="Advanced">Nodes that are further than before, or do better or worse.</param>
internal sealed record FleetNews(
    IReadOnlyList<Completed> Completed,
    IReadOnlyList<AckRange> Acks,
    IReadOnlyDictionary<CountKey, PurgeCount> Counts,
    IReadOnlyList<NodeRecord> Found,
    IReadOnlyList<NodeRecord> Advanced,
    ulong ShieldFrontier,
    ulong PopFrontier
);

/// <summary>What a control-plane start reads.</summary>
internal sealed record FleetMemory(
    FleetStart Start,
    ImmutableArray<NodeRecord> Nodes,
    ImmutableArray<KnownInstance> Instances,
    ReadOnlyMemory<byte> FleetKey,
    ulong ShieldFrontier,
    ulong PopFrontier,
    ImmutableArray<Completed> Completed,
    ImmutableArray<AckRange> Acks,
    ImmutableArray<KeyValuePair<CountKey, PurgeCount>> Counts
)
{
    /// <summary>Opens the keys of certificates; empty: nodes get none.</summary>
    public ReadOnlyMemory<byte> CertificateKey { get; init; }
}
