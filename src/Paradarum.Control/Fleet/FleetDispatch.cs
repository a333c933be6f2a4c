using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>Why a stream may be sent nothing more right now.</summary>
internal enum SendHold
{
    None,
    Closed,
    Leaving,

    /// <summary>The node is up to date.</summary>
    UpToDate,

    /// <summary>A PoP waits for a live shield (G3).</summary>
    Shields,

    /// <summary>Too much is unacknowledged.</summary>
    Window,
}

/// <summary>The order of dispatch (G3): shields up to the durable head, PoPs up to what every live shield has applied.</summary>
internal sealed class FleetDispatch(FleetOptions options, IReadOnlyCollection<FleetNode> shields)
{
    public ulong Head { get; set; }

    /// <summary>The highest position any node was sent; only rises.</summary>
    public ulong ShieldFrontier { get; private set; }

    /// <summary>The highest position PoPs could be sent at some moment; only rises.</summary>
    public ulong PopFrontier { get; private set; }

    /// <summary>Up to where a node of this role may be sent now.</summary>
    public ulong PermittedThrough(NodeRole role, TimeSpan now)
    {
        if (role == NodeRole.Shield)
            return Head;
        var permitted = Head;
        foreach (var shield in shields)
        {
            foreach (var holding in shield.Holdings)
            {
                if (holding.IsLive(now))
                    permitted = Math.Min(permitted, holding.Applied);
            }
        }
        return permitted;
    }

    /// <summary>Whether the stream may be sent records now, and how far: the shell reads them from the log and asks again with <see cref="Admit"/>.</summary>
    public SendHold MaySend(NodeLink link, TimeSpan now, out ulong through)
    {
        through = 0;
        if (link.Closed)
            return SendHold.Closed;
        if (link.Node.Leaving)
            return SendHold.Leaving;
        if (link.Sent is not { } sent || sent >= Head)
            return SendHold.UpToDate;
        if (
            link.UnacknowledgedBytes >= options.MostUnacknowledgedBytes
            || link.UnacknowledgedRecords >= (ulong)options.MostUnacknowledgedRecords
        )
            return SendHold.Window;
        var permitted = PermittedThrough(link.Node.Role, now);
        if (permitted <= sent)
            return SendHold.Shields;
        through = Math.Min(permitted, sent + (ulong)options.MostUnacknowledgedRecords - link.UnacknowledgedRecords);
        return SendHold.None;
    }

    /// <summary>
    /// Notes that records up to <paramref name="through"/> are sent, before they are: asked at the last moment, under the lock, because a shield may have become
    /// live since <see cref="MaySend"/>. False: nothing may be sent, ask again.
    /// </summary>
    public bool Admit(NodeLink link, ulong through, int bytes, TimeSpan now)
    {
        if (MaySend(link, now, out var permitted) != SendHold.None || through > permitted)
            return false;
        NoteSent(link, through, bytes, now);
        return true;
    }

    /// <summary>The same for a snapshot: a PoP is sent it only when every live shield has applied its position.</summary>
    public bool AdmitSnapshot(NodeLink link, ulong position, TimeSpan now)
    {
        if (link.Closed || link.Node.Leaving || position > PermittedThrough(link.Node.Role, now))
            return false;
        link.Snapshot = position;
        NoteSent(link, position, 0, now);
        return true;
    }

    /// <summary>Brings <see cref="PopFrontier"/> up to what PoPs may be sent now.</summary>
    public void Advance(TimeSpan now) => PopFrontier = Math.Max(PopFrontier, PermittedThrough(NodeRole.Pop, now));

    private void NoteSent(NodeLink link, ulong through, int bytes, TimeSpan now)
    {
        link.NoteSent(through, bytes, now);
        ShieldFrontier = Math.Max(ShieldFrontier, through);
        if (link.Node.Role == NodeRole.Pop)
            PopFrontier = Math.Max(PopFrontier, through);
    }
}
