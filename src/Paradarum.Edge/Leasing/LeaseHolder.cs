namespace Paradarum.Edge.Leasing;

/// <summary>Where the lease in effect is published. Written by the control link alone.</summary>
internal sealed class LeaseHolder(TimeProvider bootClock)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Lease _current = Lease.None;

    public Lease Current
    {
        get => _current;
        set
        {
            _current = value;
            if (value != Lease.None)
                _first.TrySetResult();
        }
    }

    /// <summary>Completes when a grant took effect for the first time: the node knows its properties and serves on its own word.</summary>
    public Task First => _first.Task;

    /// <summary>The state now, by the clock that counts suspended time.</summary>
    public LeaseState State => _current.At(bootClock.GetTimestamp());
}
