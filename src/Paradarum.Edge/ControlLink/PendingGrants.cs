using Paradarum.Edge.Leasing;

namespace Paradarum.Edge.ControlLink;

/// <summary>
/// Grants and the lease they make (design section 3, Leases). Instants are timestamps of the clock that counts suspended time; a grant counts from the moment
/// the node sent the heartbeat it answers.
/// </summary>
internal sealed class PendingGrants
{
    /// <summary>Received while fenced, none in effect yet, oldest first. Bounded: one per heartbeat of a lease + grace.</summary>
    private readonly Queue<(ulong Head, Lease Lease)> _waiting = new();

    /// <summary>The lease in effect, by what was received; <see cref="Lease.None"/> when none is.</summary>
    public Lease InEffect { get; private set; } = Lease.None;

    /// <summary>Takes a grant in. While un-fenced it extends; while fenced it waits its turn.</summary>
    public void Receive(ulong head, Lease lease, long now)
    {
        NoticeLapse(now);
        if (InEffect.At(now) != LeaseState.Fenced)
            InEffect = Longer(InEffect, lease);
        else
            _waiting.Enqueue((head, lease));
    }

    /// <summary>
    /// After a start or a lapse the oldest unexpired grant takes effect once its own head is applied. Later ones do not raise that: from the oldest one on, the
    /// control plane counts this node for everything, so they only extend.
    /// </summary>
    public void TakeEffect(ulong applied, long now)
    {
        NoticeLapse(now);
        if (!_waiting.TryPeek(out var oldest) || applied < oldest.Head)
            return;
        while (_waiting.TryDequeue(out var grant))
            InEffect = Longer(InEffect, grant.Lease);
    }

    /// <summary>Gives up what is in effect; grants that wait for their head go on waiting.</summary>
    public void GiveUp() => InEffect = Lease.None;

    public void Forget()
    {
        InEffect = Lease.None;
        _waiting.Clear();
    }

    private void NoticeLapse(long now)
    {
        if (InEffect.At(now) == LeaseState.Fenced)
            InEffect = Lease.None;
        while (_waiting.TryPeek(out var oldest) && oldest.Lease.At(now) == LeaseState.Fenced)
            _waiting.Dequeue();
    }

    private static Lease Longer(Lease one, Lease other) =>
        new(Math.Max(one.LeasedUntil, other.LeasedUntil), Math.Max(one.GraceUntil, other.GraceUntil));
}
