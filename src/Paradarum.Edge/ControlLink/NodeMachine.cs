using Paradarum.Edge.Leasing;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Edge.ControlLink;

/// <summary>Where a node stands in the log.</summary>
internal sealed record NodeCursor(string Epoch, ulong Position, ReadOnlyMemory<byte> Hash);

/// <summary>
/// The node's end of the stream without I/O: events and the instant go in, decisions come out, to be carried out in order before the next event. Instants
/// are timestamps of a clock that counts suspended time. One caller at a time.
/// </summary>
internal sealed class NodeMachine
{
    /// <summary>Hashes of the last applied records that are kept, to check records that come again.</summary>
    private const int RecentHashes = 256;

    /// <summary>Unanswered heartbeats whose instant is remembered; a grant for an older one is worth nothing.</summary>
    private const int MostHeartbeats = 1024;

    private readonly long _ticksPerSecond;
    private readonly PendingGrants _grants = new();
    private readonly Queue<(ulong Position, ReadOnlyMemory<byte> Hash)> _recent = new();
    private readonly List<PropertySnapshot> _snapshot = [];
    private readonly Queue<(ulong Sequence, long SentAt)> _heartbeats = new();
    private NodeCursor? _cursor;
    private string? _streamEpoch;
    private string? _grantsEpoch;
    private ulong _sequence;
    private Lease _published = Lease.None;
    private bool _left;

    /// <param name="durable">What is on disk and swept up to, after a process start; null on a node that keeps its store in memory only.</param>
    /// <param name="ticksPerSecond">Of the clock's timestamps.</param>
    public NodeMachine(NodeCursor? durable, long ticksPerSecond)
    {
        _ticksPerSecond = ticksPerSecond;
        if (durable is not null)
            MoveTo(durable);
    }

    /// <summary>What a hello presents: the durable cursor after a process start, the applied one on a reconnect, null when the node has nothing.</summary>
    public NodeCursor? Cursor => _cursor;

    /// <summary>How long the control plane's leases last, so that heartbeats are sent three times in each; null before the first grant.</summary>
    public TimeSpan? LeaseLength { get; private set; }

    /// <summary>A new stream: heartbeats count from 1 again. Grants that were received stay.</summary>
    public void Opened()
    {
        _streamEpoch = null;
        _sequence = 0;
        _heartbeats.Clear();
        _snapshot.Clear();
    }

    /// <summary>Makes the next heartbeat. <paramref name="now"/> is read before it is sent: what it is granted counts from here.</summary>
    public Heartbeat Beat(long now)
    {
        _heartbeats.Enqueue((++_sequence, now));
        if (_heartbeats.Count > MostHeartbeats)
            _heartbeats.Dequeue();
        return new Heartbeat { Sequence = _sequence, Applied = _cursor?.Position ?? 0 };
    }

    /// <summary>The control plane says which log it has. Another one: what is stored here means nothing any more.</summary>
    public IReadOnlyList<NodeDecision> Welcomed(string epoch)
    {
        _streamEpoch = epoch;
        if (_grantsEpoch is not null && !Same(_grantsEpoch, epoch))
            _grants.Forget();
        _grantsEpoch = epoch;
        return _cursor is null || Same(_cursor.Epoch, epoch) ? [] : DropAll();
    }

    public IReadOnlyList<NodeDecision> Snapshot(SnapshotPart part, long now)
    {
        if (_left)
            return [];
        if (_streamEpoch is null || !Same(part.Epoch, _streamEpoch))
            return Distrust(LinkFault.Protocol);
        _snapshot.AddRange(part.Properties);
        if (!part.Last)
            return [];

        var decisions = new List<NodeDecision>();
        // The store is dropped: the lease goes first. Grants that wait for their head still may take effect, all that they cover is in the snapshot.
        _grants.GiveUp();
        PublishChange(decisions);
        decisions.Add(new NodeDecision.Replace(part.Epoch, part.Position, part.Hash.Memory, [.. _snapshot]));
        _snapshot.Clear();
        _recent.Clear();
        MoveTo(new NodeCursor(part.Epoch, part.Position, part.Hash.Memory));
        Settle(decisions, now);
        return decisions;
    }

    /// <summary>Records as they arrived, several messages at once if there are several.</summary>
    public IReadOnlyList<NodeDecision> Records(IReadOnlyList<LogRecordMessage> records, long now)
    {
        if (_left || records.Count == 0)
            return [];
        if (_cursor is not { } cursor || _streamEpoch is null)
            return Distrust(LinkFault.Protocol);

        var next = new List<LogRecord>(records.Count);
        var (position, last) = (cursor.Position, cursor.Hash);
        foreach (var record in records)
        {
            if (record.Position > position + 1)
                return Distrust(LinkFault.Gap);
            if (record.Position <= position)
            {
                // Applied already: checked, because another log could have been put in place of this one, and ignored.
                if (!WasApplied(record, next))
                    return Distrust(LinkFault.Hash);
                continue;
            }
            var hash = Chain.Next(last.Span, record.Position, record.Payload.Span);
            if (!record.Hash.Span.SequenceEqual(hash))
                return Distrust(LinkFault.Hash);
            next.Add(new LogRecord(record.Position, hash, record.Payload.Memory));
            (position, last) = (record.Position, hash);
        }

        var decisions = new List<NodeDecision>();
        if (next.Count > 0)
            decisions.Add(new NodeDecision.Apply(next));
        foreach (var record in next)
            NoteApplied(record.Position, record.Hash);
        _cursor = cursor with { Position = position, Hash = last };
        Settle(decisions, now);
        return decisions;
    }

    public IReadOnlyList<NodeDecision> Granted(Grant grant, long now)
    {
        if (_left)
            return [];
        if (_streamEpoch is null)
            return Distrust(LinkFault.Protocol);
        if (grant.Heartbeat > _sequence)
            return Distrust(LinkFault.Protocol);
        while (_heartbeats.TryPeek(out var older) && older.Sequence < grant.Heartbeat)
            _heartbeats.Dequeue();
        if (!_heartbeats.TryPeek(out var answered) || answered.Sequence != grant.Heartbeat)
            return [];

        LeaseLength = TimeSpan.FromMilliseconds(grant.LeaseMilliseconds);
        var leasedUntil = answered.SentAt + Ticks(grant.LeaseMilliseconds);
        _grants.Receive(grant.Head, new Lease(leasedUntil, leasedUntil + Ticks(grant.GraceMilliseconds)), now);
        var decisions = new List<NodeDecision>();
        TakeEffect(decisions, now);
        return decisions;
    }

    /// <summary>The operator deleted this node: lease first, then the store, then say so.</summary>
    public IReadOnlyList<NodeDecision> ToldToLeave()
    {
        _left = true;
        return [.. DropAll(forGood: true), new NodeDecision.SayLeaveDone()];
    }

    /// <summary>
    /// The process ends and serves nobody any more: only then this may be called. The lease goes first, then it is said; from here on no grant takes effect. The store stays as
    /// it is: what a next start makes of it is decided by the cursor that it presents.
    /// </summary>
    public IReadOnlyList<NodeDecision> ServingIsOver()
    {
        _left = true;
        var decisions = new List<NodeDecision>();
        _grants.Forget();
        PublishChange(decisions);
        decisions.Add(new NodeDecision.SayGoodbye());
        return decisions;
    }

    private List<NodeDecision> Distrust(LinkFault fault) => [.. DropAll(), new NodeDecision.Reconnect(fault)];

    private List<NodeDecision> DropAll(bool forGood = false)
    {
        var decisions = new List<NodeDecision>();
        _grants.Forget();
        PublishChange(decisions);
        decisions.Add(new NodeDecision.DropAll(forGood));
        _cursor = null;
        _recent.Clear();
        _snapshot.Clear();
        return decisions;
    }

    private void Settle(List<NodeDecision> decisions, long now)
    {
        TakeEffect(decisions, now);
        decisions.Add(new NodeDecision.Acknowledge(_cursor!.Position, _cursor.Hash));
    }

    private void TakeEffect(List<NodeDecision> decisions, long now)
    {
        if (_cursor is not null)
            _grants.TakeEffect(_cursor.Position, now);
        PublishChange(decisions);
    }

    private void PublishChange(List<NodeDecision> decisions)
    {
        if (_published == _grants.InEffect)
            return;
        _published = _grants.InEffect;
        decisions.Add(new NodeDecision.Publish(_published));
    }

    private void MoveTo(NodeCursor cursor)
    {
        _cursor = cursor;
        NoteApplied(cursor.Position, cursor.Hash);
    }

    private void NoteApplied(ulong position, ReadOnlyMemory<byte> hash)
    {
        _recent.Enqueue((position, hash));
        if (_recent.Count > RecentHashes)
            _recent.Dequeue();
    }

    private bool WasApplied(LogRecordMessage record, List<LogRecord> justChecked)
    {
        foreach (var (position, hash) in _recent)
        {
            if (position == record.Position)
                return hash.Span.SequenceEqual(record.Hash.Span);
        }
        return justChecked.Any(known => known.Position == record.Position && known.Hash.Span.SequenceEqual(record.Hash.Span));
    }

    private long Ticks(long milliseconds) => milliseconds * _ticksPerSecond / 1000;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.Ordinal);
}
