namespace Paradarum.Edge.Purging;

/// <summary>The rules of one property that are not retired yet. Immutable; design section 4.</summary>
internal sealed class PendingRules
{
    public static readonly PendingRules None = new();

    /// <summary>Position of the newest pending rule; 0 when nothing is pending. A hit whose entry was checked at this position or later costs this one comparison.</summary>
    public ulong Newest { get; private init; }
}
