using System.Collections.Concurrent;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>One stream to one node, as the state machine sees it. A later hello of the node closes it.</summary>
internal sealed class NodeLink(FleetNode node, LeaseHolding holding, ulong? presented)
{
    private readonly Queue<(ulong Position, ulong Records, int Bytes, TimeSpan SentAt)> _unacknowledged = new();

    public FleetNode Node { get; } = node;

    public LeaseHolding Holding { get; } = holding;

    public bool Closed { get; set; }

    /// <summary>Questions that are still to be sent on it; safe from any thread.</summary>
    public ConcurrentQueue<StoreQuestion> Questions { get; } = new();

    /// <summary>What the node last said of itself, for the operator; null: nothing, or a node that does not measure.</summary>
    public NodeFigures? Figures { get; set; }

    /// <summary>Properties that the node does not store, because a record of them is of a later version than it.</summary>
    public int PassingThrough { get; set; }

    /// <summary>Everything up to here was handed to the stream. Null: the node needs a snapshot first.</summary>
    public ulong? Sent { get; private set; } = presented;

    /// <summary>The highest position this stream was ever sent or presented: no acknowledgement can be beyond it.</summary>
    public ulong MostSent { get; private set; } = presented ?? 0;

    /// <summary>Position of the last snapshot sent; purges up to it remove nothing more on this node.</summary>
    public ulong? Snapshot { get; set; }

    public ulong UnacknowledgedRecords { get; private set; }

    public int UnacknowledgedBytes { get; private set; }

    /// <summary>When the oldest record (or snapshot) that is not acknowledged was sent.</summary>
    public TimeSpan? OldestUnacknowledgedSentAt => _unacknowledged.TryPeek(out var oldest) ? oldest.SentAt : null;

    public void NoteSent(ulong position, int bytes, TimeSpan now)
    {
        var records = position - Math.Min(Sent ?? position, position);
        Sent = position;
        MostSent = Math.Max(MostSent, position);
        UnacknowledgedRecords += records;
        UnacknowledgedBytes += bytes;
        _unacknowledged.Enqueue((position, records, bytes, now));
        Holding.NoteSent(position, now);
    }

    /// <summary>The log no longer holds what comes next.</summary>
    public void NeedSnapshot() => Sent = null;

    public void NoteAcknowledged(ulong position)
    {
        while (_unacknowledged.TryPeek(out var oldest) && oldest.Position <= position)
        {
            UnacknowledgedRecords -= oldest.Records;
            UnacknowledgedBytes -= oldest.Bytes;
            _unacknowledged.Dequeue();
        }
    }
}
