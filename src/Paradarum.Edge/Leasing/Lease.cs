namespace Paradarum.Edge.Leasing;

/// <summary>What a node may do on its own word (design section 3, Leases).</summary>
public enum LeaseState
{
    /// <summary>The lease runs: serves from its store.</summary>
    Leased,

    /// <summary>The lease lapsed, grace runs: serves on, and is owed.</summary>
    Owed,

    /// <summary>Grace is over, or no grant took effect since the start: serves nothing from its store on its own word.</summary>
    Fenced,
}

/// <summary>
/// The lease in effect, as instants of <see cref="BootClock"/> (ticks of <see cref="TimeProvider.GetTimestamp"/>). Immutable; replaced in
/// one write by the control link and read by every request after its head has arrived: the state is computed from the clock, never a flag that a timer sets.
/// </summary>
internal sealed record Lease(long LeasedUntil, long GraceUntil)
{
    /// <summary>A node from its start until a grant takes effect.</summary>
    public static readonly Lease None = new(long.MinValue, long.MinValue);

    public LeaseState At(long now) =>
        now < LeasedUntil ? LeaseState.Leased
        : now < GraceUntil ? LeaseState.Owed
        : LeaseState.Fenced;
}
