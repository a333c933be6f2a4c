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
/// only <paramref name="Advanced"/>.
/// </summary>
internal sealed record FleetNews(
    IReadOnlyList<Completed> Completed,
    IReadOnlyList<AckRange> Acks,
    IReadOnlyDictionary<CountKey, PurgeCount> Counts,
    IReadOnlyList<NodeRecord> Nodes,
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
