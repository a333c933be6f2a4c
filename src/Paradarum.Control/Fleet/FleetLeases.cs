namespace Paradarum.Control.Fleet;

/// <summary>Whether a heartbeat was answered with a grant, and if not, why.</summary>
internal enum RenewalReason
{
    Granted,

    /// <summary>A later stream of the node took over.</summary>
    StaleStream,

    /// <summary>The node was deleted.</summary>
    Leaving,

    /// <summary>Its oldest unacknowledged record was sent over one lease ago: alive but not applying is as good as dead.</summary>
    NotApplying,
}

/// <summary>The answer to a heartbeat; <see cref="Terms"/> and <see cref="Head"/> count when it was granted.</summary>
internal readonly record struct Renewal(RenewalReason Reason, LeaseTerms Terms, ulong Head);

/// <summary>Grants leases (design section 3, Leases).</summary>
internal sealed class FleetLeases(LeaseTerms terms, LeaseCount count)
{
    /// <param name="link">The stream the heartbeat came on.</param>
    /// <param name="readHead">The durable head, read only after the node is marked un-fenced.</param>
    /// <param name="now">An instant after the heartbeat arrived; the node counts from before it sent it.</param>
    public Renewal Renew(NodeLink link, Func<ulong> readHead, TimeSpan now)
    {
        if (link.Node.Leaving)
            return new Renewal(RenewalReason.Leaving, default, 0);
        if (link.Closed)
            return new Renewal(RenewalReason.StaleStream, default, 0);
        if (link.OldestUnacknowledgedSentAt is { } sentAt && now - sentAt > terms.Lease)
            return new Renewal(RenewalReason.NotApplying, default, 0);

        // Un-fenced first, then the head: a purge that becomes durable in between waits for this node; one before it is in the head the node must apply.
        link.Holding.Unfence(now, count.Live(terms), count.Unfenced(terms));
        var head = readHead();
        link.Holding.NameHead(head, now + count.Unfenced(terms), now);
        return new Renewal(RenewalReason.Granted, terms, head);
    }
}
