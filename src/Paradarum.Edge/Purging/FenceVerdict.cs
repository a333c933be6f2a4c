using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>Why the fence lets a stored response or a fetch pass, or does not.</summary>
internal enum FenceReason
{
    /// <summary>Nothing newer than it matches: it may be served, joined, stored or used for a conditional request.</summary>
    Fresh,

    /// <summary>A rule matches it: it is never used again, not even to make a conditional request (G2).</summary>
    Purged,

    /// <summary>It has left the index. Who found it before that may no longer find the rule that took it out: it may have retired since.</summary>
    Removed,

    /// <summary>An unsafe request changed the resource while it was being fetched.</summary>
    Invalidated,

    /// <summary>The node has dropped its store since.</summary>
    OtherGeneration,

    /// <summary>Rules have retired that it was never tested against.</summary>
    BehindHorizon,

    /// <summary>The node knows no such property (any more).</summary>
    UnknownProperty,

    /// <summary>The hostname belongs to another property now.</summary>
    OtherProperty,

    /// <summary>A configuration record was not understood: nothing is stored or served from store (design section 2).</summary>
    PassThrough,
}

/// <summary>A reasoned answer of <see cref="Fence"/>.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Position">Of the rule that matched, when purged; else 0.</param>
/// <param name="Kind">Of the rule that matched, when purged; All where a rule was widened.</param>
internal readonly record struct FenceVerdict(FenceReason Reason, ulong Position = 0, PurgeKind Kind = PurgeKind.All)
{
    public bool MayBeUsed => Reason is FenceReason.Fresh;
}
