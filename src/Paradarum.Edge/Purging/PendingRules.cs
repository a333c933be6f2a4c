using Paradarum.Edge.Storage;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>The rules of one property that are not retired yet. Immutable; design section 4.</summary>
internal sealed class PendingRules
{
    public static readonly PendingRules None = new();

    /// <summary>Position of the newest pending rule, or <see cref="Horizon"/> if that is newer; 0 when nothing is pending. A hit whose entry was checked at this position or later costs this one comparison.</summary>
    public ulong Newest { get; private init; }

    /// <summary>Rules up to here have retired although a fetch in flight was older: what was not checked at this position or later is never used.</summary>
    public ulong Horizon { get; private init; }

    /// <summary>A rule newer than <paramref name="checkedAt"/> that matches; position 0 when there is none.</summary>
    public RuleMatch FindMatch(Stamped item, ulong checkedAt) => throw new NotImplementedException();
}

/// <summary>A pending rule that matched. Position 0: none did.</summary>
internal readonly record struct RuleMatch(ulong Position, PurgeKind Kind);
