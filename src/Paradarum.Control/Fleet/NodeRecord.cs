using System.Security.Cryptography;
using System.Text;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>A node as the registry keeps it. Kept after it left, so that receipts can still name it.</summary>
/// <param name="Enabled">The operator's switch: traffic for a PoP, use for a shield.</param>
/// <param name="AppliedThrough">Every process start of it that may still serve has applied everything up to here; only rises.</param>
/// <param name="FinalThrough">What it removed for purges up to here no longer grows; only rises.</param>
/// <param name="Url">Where it said it is reached; empty until its first hello.</param>
internal sealed record NodeRecord(
    string Id,
    string Name,
    NodeRole Role,
    DateTimeOffset CreatedAt,
    bool Enabled,
    bool Leaving,
    DateTimeOffset? LeftAt,
    byte[]? EnrolmentDigest,
    byte[]? CredentialDigest,
    string Url,
    bool Healthy,
    ulong AppliedThrough,
    ulong FinalThrough
)
{
    /// <summary>Compared in constant time; a node that left has no credential any more.</summary>
    public bool Accepts(ReadOnlySpan<byte> digest) =>
        LeftAt is null && CredentialDigest is { } kept && CryptographicOperations.FixedTimeEquals(kept, digest);

    public static byte[] Digest(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}

/// <summary>What an operator sees of one node.</summary>
/// <param name="Lag">Records of the durable log that it has not acknowledged.</param>
internal sealed record NodeStanding(NodeRecord Node, bool Connected, bool Healthy, ulong Applied, ulong Lag)
{
    /// <summary>Of its last process start, by the control plane's clock.</summary>
    public LeaseStanding Lease { get; init; }

    /// <summary>What it last said of itself; null when it is not connected, or does not measure.</summary>
    public NodeFigures? Figures { get; init; }

    /// <summary>Properties of which it stores nothing, because a record of them is of a later version than it.</summary>
    public int PassingThrough { get; init; }
}

/// <summary>Where a node is between a grant and being fenced (design section 3, Leases).</summary>
internal enum LeaseStanding
{
    /// <summary>Neither lease nor grace runs.</summary>
    Fenced = 0,

    /// <summary>The lease has lapsed, grace runs.</summary>
    Owed = 1,

    /// <summary>The lease runs.</summary>
    Live = 2,
}
