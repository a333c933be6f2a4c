using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>
/// Owns the fleet's state machine: every event goes through its one lock, which is the lock under which a node is un-fenced and under which
/// <c>complete</c> is decided (design section 3). Streams ask it what they may send; it wakes them when the answer may have changed.
/// </summary>
internal sealed partial class FleetDesk
{
    private readonly Lock _lock = new();
    private readonly FleetMachine _machine;
    private readonly AckBook _book;
    private readonly FleetRecords _records;

    private readonly FleetDraft _draft;
    private readonly OpenStreams _streams = new();
    private readonly HashSet<Wake> _watchers = [];
    private readonly CompletionWaiters _waiters;
    private readonly Wake _loop = new();
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private (bool Any, bool Urgent) _newsTold;
    private readonly ILogger _log;
    private volatile TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FleetDesk(FleetMemory memory, FleetOptions options, LogFeed feed, TimeProvider time, ILogger log)
    {
        (_time, _log, Feed, NewsEvery, Traffic) = (time, log, feed, options.NewsEvery, new TrafficBook(time));
        // Counted from here on: whatever was granted before was granted before this instant.
        _startedAt = time.GetTimestamp();
        _machine = new FleetMachine(
            options,
            memory.Start,
            LeaseCount.TwoPercentLonger,
            memory.Nodes.Where(node => node.LeftAt is null).Select(FleetRecords.ToMachine),
            memory.Instances
        );
        _book = new AckBook(memory);
        _draft = new FleetDraft(memory.ShieldFrontier, memory.PopFrontier);
        _waiters = new CompletionWaiters(memory.Start.CompleteThrough);
        _records = new FleetRecords(memory, _machine, _draft, feed.PurgeTokenKey);
        Settle(everyNode: true);
    }

    public LogFeed Feed { get; }

    /// <summary>What visitors asked the PoPs for, of late.</summary>
    public TrafficBook Traffic { get; }

    /// <inheritdoc cref="FleetOptions.NewsEvery"/>
    public TimeSpan NewsEvery { get; }

    /// <summary>Who counts for a purge accepted now; replaced on every change, read without a lock.</summary>
    public FleetCensus Census => _records.Census;

    /// <summary>What nodes are told of one another. A new instance whenever it changes; never modified.</summary>
    public FleetView View => _records.View;

    /// <summary>Completes when receipts may show something new. Taken before a receipt is read, it misses nothing.</summary>
    public Task NextShown => _shown.Task;

    /// <summary>Purges that a node reported as widened since the start, once for each node.</summary>
    public long Widened => Read(fleet => fleet.Book.Widened);

    /// <summary>Set when there is something to persist or to look at again.</summary>
    public Wake Loop => _loop;

    public NodeRecord? Find(string nodeId)
    {
        lock (_lock)
            return _records.Find(nodeId);
    }

    public ImmutableArray<NodeRecord> Records()
    {
        lock (_lock)
            return [.. _records.All.Values];
    }

    /// <summary>Brings memory up to a registry change that is durable. What the fleet itself found out meanwhile stays.</summary>
    public void Put(NodeRecord record)
    {
        lock (_lock)
        {
            var former = _records.Find(record.Id)?.CredentialDigest;
            if (!_records.Put(record))
                return;
            if (_machine.Find(record.Id) is { } node)
                (node.Enabled, node.Leaving) = (record.Enabled, record.Leaving);
            else
                _machine.Add(FleetRecords.ToMachine(record));
            PublishView();
            if (_machine.Find(record.Id)?.Link is { } link)
            {
                // Who holds the former credential is nobody any more. What it was granted runs on, as for a node that was cut off.
                if (former is not null && !record.Accepts(former))
                    _machine.LinkLost(link);
                _streams.Wake(link);
            }
            Settle(everyNode: true);
        }
    }

    /// <summary>False when the node is gone or a later start of it holds its folder: such a hello is refused, and leaves nothing behind.</summary>
    public bool WouldTake(string nodeId, InstanceFacts facts)
    {
        lock (_lock)
            return _machine.Find(nodeId) is { } node && !FleetMachine.IsDead(node, facts);
    }

    /// <summary>Former process starts that the newcomer proves dead, or that are fenced and displaced for good.</summary>
    public IReadOnlyList<string> InstancesDone(string nodeId, InstanceFacts facts)
    {
        lock (_lock)
        {
            var now = Now();
            if (_machine.Find(nodeId) is not { } node)
                return [];
            return
            [
                .. node
                    .Holdings.Where(known => facts.ProvesDead(known.Facts))
                    .Concat(node.Displaced.Where(former => former.IsFenced(now)))
                    .Select(known => known.Facts.InstanceId)
                    .Where(instance => !string.Equals(instance, facts.InstanceId, StringComparison.Ordinal))
                    .Distinct(StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>Opens a stream for a node whose instance is already persisted. Null when it is refused.</summary>
    /// <param name="proven">As it was when it proved who it is; a credential that was taken from it since is none.</param>
    public NodeLink? Hello(NodeRecord proven, InstanceFacts facts, ulong? presented, string url, Wake stream)
    {
        lock (_lock)
        {
            if (_machine.Find(proven.Id) is not { } node)
                return null;
            if (proven.CredentialDigest is not { } digest || _records.Find(proven.Id)?.Accepts(digest) != true)
                return null;
            var (before, former) = (node.EverApplied, node.Link);
            if (_machine.Hello(node, facts, presented, Now()) is not { } link)
                return null;
            if (former is not null)
                _streams.Wake(former);
            _streams.Add(link, stream);
            _draft.Acknowledged(proven.Id, before, node.EverApplied, _time.GetUtcNow());
            _records.IsReachedAt(proven.Id, url);
            PublishView();
            Settle(node);
            return link;
        }
    }

    public void Closed(NodeLink link)
    {
        lock (_lock)
        {
            _streams.Remove(link);
            _machine.LinkLost(link);
            Settle(link.Node);
        }
    }

    public Renewal Heartbeat(NodeLink link, int passingThrough = 0)
    {
        lock (_lock)
        {
            link.PassingThrough = passingThrough;
            // Read under the lock and after the heartbeat arrived: later than the instant the node counts from.
            var renewal = _machine.Heartbeat(link, Now());
            Settle(link.Node);
            return renewal;
        }
    }

    /// <summary>False when the acknowledgement can't be true.</summary>
    public bool Acknowledge(NodeLink link, Ack ack)
    {
        // Retention may have dropped the record meanwhile; then what was sent on this stream is all there is to compare with.
        if (Feed.HashAt(ack.Position) is { } hash && !hash.Span.SequenceEqual(ack.Hash.Span))
            return false;
        lock (_lock)
        {
            var before = link.Node.EverApplied;
            if (!_machine.Acknowledge(link, ack.Position))
                return false;
            if (ack.Position > link.MostSent)
                return true;
            _draft.Acknowledged(link.Node.Id, before, link.Node.EverApplied, _time.GetUtcNow());
            foreach (var count in ack.Counts)
                _draft.Counted(link.Node.Id, count);
            // A node that started from a snapshot has nothing that purges up to there could remove.
            var final = link.Snapshot is { } snapshot && ack.Position >= snapshot ? snapshot : 0;
            _records.CountsAreFinal(link.Node.Id, Math.Max(final, Math.Min(ack.FinalThrough, ack.Position)));
            // Its window may have opened; most acknowledgements change nothing about what may be sent.
            if (_machine.Dispatch.MaySend(link, Now(), out _) == SendHold.None)
                _streams.Wake(link);
            Settle(link.Node);
            return true;
        }
    }

    public void LeaveDone(NodeLink link)
    {
        lock (_lock)
        {
            _machine.LeaveDone(link);
            _streams.Wake(link);
            Settle(link.Node);
        }
    }

    /// <summary>False when another stream of the node took over: then it says nothing of who serves now.</summary>
    public bool Goodbye(NodeLink link)
    {
        lock (_lock)
        {
            var said = _machine.Goodbye(link);
            _streams.Wake(link);
            Settle(link.Node);
            return said;
        }
    }

    public SendHold MaySend(NodeLink link, out ulong through)
    {
        lock (_lock)
        {
            var now = Now();
            var hold = _machine.Dispatch.MaySend(link, now, out through);
            if (hold == SendHold.Shields)
                _streams.HeldByShields(_machine.Dispatch, now);
            return hold;
        }
    }

    public bool Admit(NodeLink link, ulong through, int bytes)
    {
        lock (_lock)
        {
            var admitted = _machine.Dispatch.Admit(link, through, bytes, Now());
            Settle(link.Node);
            return admitted;
        }
    }

    public bool AdmitSnapshot(NodeLink link, ulong position)
    {
        lock (_lock)
        {
            var now = Now();
            var admitted = _machine.Dispatch.AdmitSnapshot(link, position, now);
            if (!admitted)
                _streams.HeldByShields(_machine.Dispatch, now);
            Settle(link.Node);
            return admitted;
        }
    }

    public void NeedSnapshot(NodeLink link)
    {
        lock (_lock)
            link.NeedSnapshot();
    }

    public void HeadMoved(ulong head)
    {
        lock (_lock)
        {
            _machine.HeadMoved(head);
            Settle();
        }
    }

    private TimeSpan Now() => _time.GetElapsedTime(_startedAt);

    /// <summary>After every event; wakes the loop when there is something to persist that it does not know of yet.</summary>
    private void Settle(FleetNode? touched = null, bool everyNode = false)
    {
        Decide(touched, everyNode);
        var news = (!_draft.IsEmpty, _draft.IsUrgent);
        if (news != _newsTold && news.Item1)
            _loop.Set();
        _newsTold = news;
    }

    /// <summary>After every event: decides what is complete, who is gone, who counts; wakes those whom it concerns.</summary>
    /// <param name="touched">The node the event was about. What others may do changes by time, which <see cref="Tick"/> looks at.</param>
    private void Decide(FleetNode? touched, bool everyNode)
    {
        var now = Now();
        foreach (var range in _machine.Completion.Decide(_machine.Dispatch.Head, now))
            _draft.Complete(new Completed(range.After, range.Through, _time.GetUtcNow(), range.FencedNodes));
        if (everyNode || touched is { Leaving: true })
            TakeGone(now);
        _machine.Dispatch.Advance(now);
        _draft.Raise(_machine.Dispatch);
        var counts = everyNode;
        if (everyNode)
            NoteProgress(now);
        if (touched is not null && !everyNode)
            counts = _records.NoteProgress(touched, now);
        if (counts)
            _records.PublishCensus(now);
        _streams.Follow(_machine.Dispatch, now);
        foreach (var watcher in _watchers)
            watcher.Set();
    }

    private void NoteProgress(TimeSpan now)
    {
        foreach (var node in _machine.Nodes)
            _records.NoteProgress(node, now);
    }

    private void TakeGone(TimeSpan now)
    {
        foreach (var gone in _machine.TakeGone(now))
        {
            _records.HasLeft(gone.Id, _time.GetUtcNow());
            _log.NodeLeft(gone.Id);
        }
    }

    private void PublishView()
    {
        if (_records.PublishView())
            _streams.WakeAll();
    }
}
