namespace Paradarum.Edge.Leasing;

/// <summary>Where the lease in effect is published. Written by the control link alone.</summary>
internal sealed class LeaseHolder(TimeProvider bootClock)
{
    private volatile Lease _current = Lease.None;

    public Lease Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>The state now, by the clock that counts suspended time.</summary>
    public LeaseState State => _current.At(bootClock.GetTimestamp());
}
