using System.Collections.Immutable;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>
/// Owns the fleet's state machine: every event goes through its one lock, which is the lock under which a node is un-fenced and under which
/// <c>complete</c> is decided (design section 3). Streams ask it what they may send; it wakes them when the answer may have changed.
/// </summary>
internal sealed class FleetDesk
{
    private readonly Lock _lock = new();
    private readonly FleetMachine _machine;
    private readonly AckBook _book = new();
    private readonly Dictionary<string, NodeRecord> _records;

    // Streams, and others who wait for a change.
    private readonly HashSet<Wake> _streams = [];
    private readonly List<(ulong Position, TaskCompletionSource Done)> _waiters = [];
    private readonly Wake _loop = new();
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly ILogger _log;
    private readonly HashSet<string> _changedNodes = new(StringComparer.Ordinal);
    private readonly FrontierMemory _frontiers;
    private volatile FleetCensus _census = FleetCensus.Empty;
    private volatile FleetView _view;
    private List<Completed> _decided = [];

    public FleetDesk(FleetMemory memory, FleetOptions options, LogFeed feed, TimeProvider time, ILogger log)
    {
        (_time, _log, Feed) = (time, log, feed);
        // Counted from here on: whatever was granted before was granted before this instant.
        _startedAt = time.GetTimestamp();
        _records = memory.Nodes.ToDictionary(node => node.Id, StringComparer.Ordinal);
        _machine = new FleetMachine(
            options,
            memory.Start,
            LeaseCount.TwoPercentLonger,
            memory.Nodes.Where(node => node.LeftAt is null).Select(ToMachine),
            memory.Instances
        );
        _frontiers = new FrontierMemory(memory.ShieldFrontier, memory.PopFrontier);
        _book.Remember(memory);
        _view = new FleetView
        {
            FleetKey = ByteString.CopyFrom(memory.FleetKey.Span),
            PurgeTokenKey = ByteString.CopyFrom(feed.PurgeTokenKey.Span),
        };
        PublishView();
        Settle();
    }

    public LogFeed Feed { get; }

    /// <summary>Who counts for a purge accepted now; replaced on every change, read without a lock.</summary>
    public FleetCensus Census => _census;

    /// <summary>What nodes are told of one another. A new instance whenever it changes; never modified.</summary>
    public FleetView View => _view;

    /// <summary>Set when there is something to persist or to look at again.</summary>
    public Wake Loop => _loop;

    public NodeRecord? Find(string nodeId)
    {
        lock (_lock)
            return _records.GetValueOrDefault(nodeId);
    }

    public ImmutableArray<NodeRecord> Records()
    {
        lock (_lock)
            return [.. _records.Values];
    }

    /// <summary>Brings memory up to a registry change that is durable.</summary>
    public void Put(NodeRecord record)
    {
        lock (_lock)
        {
            _records[record.Id] = record;
            if (_machine.Find(record.Id) is { } node)
                (node.Enabled, node.Leaving) = (record.Enabled, record.Leaving);
            else if (record.LeftAt is null)
                _machine.Add(ToMachine(record));
            PublishView();
            Settle();
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
    public NodeLink? Hello(string nodeId, InstanceFacts facts, ulong? presented, string url, Wake stream)
    {
        lock (_lock)
        {
            if (_machine.Find(nodeId) is not { } node)
                return null;
            var before = node.EverApplied;
            if (_machine.Hello(node, facts, presented, Now()) is not { } link)
                return null;
            _streams.Add(stream);
            _book.Acknowledged(nodeId, before, node.EverApplied, _time.GetUtcNow());
            _records[nodeId] = _records[nodeId] with { Url = url };
            _changedNodes.Add(nodeId);
            PublishView();
            Settle();
            return link;
        }
    }

    public void Closed(NodeLink link, Wake stream)
    {
        lock (_lock)
        {
            _streams.Remove(stream);
            _machine.LinkLost(link);
            Settle();
        }
    }

    public Renewal Heartbeat(NodeLink link)
    {
        lock (_lock)
        {
            // Read under the lock and after the heartbeat arrived: later than the instant the node counts from.
            var renewal = _machine.Heartbeat(link, Now());
            Settle();
            // The first grant of all brings the first instant at which time alone changes something.
            _loop.Set();
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
            _book.Acknowledged(link.Node.Id, before, link.Node.EverApplied, _time.GetUtcNow());
            if (link.Snapshot is { } snapshot && ack.Position >= snapshot)
                _book.CountsAreFinal(link.Node.Id, snapshot);
            foreach (var count in ack.Counts)
                _book.Counted(link.Node.Id, count);
            Settle();
            return true;
        }
    }

    public void LeaveDone(NodeLink link)
    {
        lock (_lock)
        {
            _machine.LeaveDone(link);
            Settle();
        }
    }

    public SendHold MaySend(NodeLink link, out ulong through)
    {
        lock (_lock)
            return _machine.Dispatch.MaySend(link, Now(), out through);
    }

    public bool Admit(NodeLink link, ulong through, int bytes)
    {
        lock (_lock)
        {
            var admitted = _machine.Dispatch.Admit(link, through, bytes, Now());
            Settle();
            return admitted;
        }
    }

    public bool AdmitSnapshot(NodeLink link, ulong position)
    {
        lock (_lock)
        {
            var admitted = _machine.Dispatch.AdmitSnapshot(link, position, Now());
            Settle();
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

    /// <summary>Looks at the time, for the loop: does not wake it, or it would run for as long as news gathers. Returns how long until something changes by time alone.</summary>
    public TimeSpan? Tick()
    {
        lock (_lock)
        {
            Decide();
            var now = Now();
            return _machine.NextChange(now) - now;
        }
    }

    /// <summary>Whether something waits to be written, and whether someone waits for it.</summary>
    public (bool Any, bool Urgent) HasNews()
    {
        lock (_lock)
            return (_decided.Count > 0 || _book.HasNews || _changedNodes.Count > 0, _decided.Count > 0);
    }

    /// <summary>What is to be written now; null when nothing is. Nodes that are gone come with their last record.</summary>
    public FleetNews? TakeNews()
    {
        lock (_lock)
        {
            if (_decided.Count == 0 && !_book.HasNews && _changedNodes.Count == 0)
                return null;
            var (acks, counts) = _book.TakeNews();
            var nodes = _changedNodes.Select(id => _records[id]).ToList();
            foreach (var id in acks.Select(range => range.NodeId).Distinct(StringComparer.Ordinal).Where(id => !_changedNodes.Contains(id)))
                nodes.Add(_records[id]);
            var news = new FleetNews(_decided, acks, counts, nodes, _frontiers.Shields, _frontiers.Pops);
            _decided = [];
            _changedNodes.Clear();
            return news;
        }
    }

    /// <summary>The news is durable: what was decided complete is announced.</summary>
    public void Persisted(FleetNews news)
    {
        List<TaskCompletionSource> done;
        lock (_lock)
        {
            _book.Complete(news.Completed);
            if (news.Completed.Count > 0)
                _machine.Completion.Announce(news.Completed[^1].Through);
            var announced = _machine.Completion.AnnouncedThrough;
            done = [.. _waiters.Where(waiter => waiter.Position <= announced).Select(waiter => waiter.Done)];
            _waiters.RemoveAll(waiter => waiter.Position <= announced);
        }
        foreach (var waiter in done)
            waiter.TrySetResult();
    }

    /// <summary>Completes when the position is announced complete.</summary>
    public async Task WhenCompleteAsync(ulong position, CancellationToken stop)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_machine.Completion.AnnouncedThrough >= position)
                return;
            _waiters.Add((position, done));
        }
        try
        {
            await done.Task.WaitAsync(stop);
        }
        finally
        {
            lock (_lock)
                _waiters.Remove((position, done));
        }
    }

    /// <summary>Completes when the fleet's state is such; looked at after every event, under the lock.</summary>
    public async Task WhenAsync(Func<FleetReading, bool> holds, CancellationToken stop)
    {
        var changed = new Wake();
        lock (_lock)
            _streams.Add(changed);
        try
        {
            while (!Read(holds))
                await changed.WaitAsync(stop);
        }
        finally
        {
            lock (_lock)
                _streams.Remove(changed);
        }
    }

    /// <summary>Reads the fleet's state for a receipt or a list, under the lock.</summary>
    public T Read<T>(Func<FleetReading, T> read)
    {
        lock (_lock)
            return read(new FleetReading(_machine, _book, _records, _frontiers, Now()));
    }

    private TimeSpan Now() => _time.GetElapsedTime(_startedAt);

    /// <summary>After every event; wakes the loop when there is something to persist.</summary>
    private void Settle()
    {
        Decide();
        if (_decided.Count > 0 || _changedNodes.Count > 0 || _book.HasNews)
            _loop.Set();
    }

    /// <summary>After every event: decides what is complete, who is gone, who counts; wakes those who wait for it.</summary>
    private void Decide()
    {
        var now = Now();
        var ranges = _machine.Completion.Decide(_machine.Dispatch.Head, now);
        foreach (var range in ranges)
            _decided.Add(new Completed(range.After, range.Through, _time.GetUtcNow(), range.FencedNodes));
        foreach (var gone in _machine.TakeGone(now))
        {
            _records[gone.Id] = _records[gone.Id] with { LeftAt = _time.GetUtcNow(), EnrolmentDigest = null, CredentialDigest = null };
            _changedNodes.Add(gone.Id);
            _log.NodeLeft(gone.Id);
        }
        _machine.Dispatch.Advance(now);
        _frontiers.Raise(_machine.Dispatch);
        foreach (var node in _machine.Nodes)
            NoteHealth(node, now);
        PublishCensus(now);
        foreach (var stream in _streams)
            stream.Set();
    }

    private void NoteHealth(FleetNode node, TimeSpan now)
    {
        var record = _records[node.Id];
        var healthy = _machine.IsHealthy(node, now);
        if (record.Healthy != healthy)
            _changedNodes.Add(node.Id);
        if (record.Healthy != healthy || record.EverApplied != node.EverApplied)
            _records[node.Id] = record with { Healthy = healthy, EverApplied = node.EverApplied };
    }

    private void PublishCensus(TimeSpan now)
    {
        var census = _machine.Census(now);
        if (!census.Shields.SequenceEqual(_census.Shields) || !census.Pops.SequenceEqual(_census.Pops))
            _census = census;
    }

    private void PublishView()
    {
        var view = new FleetView { FleetKey = _view.FleetKey, PurgeTokenKey = _view.PurgeTokenKey };
        view.Shields.AddRange(
            _machine
                .Nodes.Where(node => node is { Role: NodeRole.Shield, Enabled: true, Leaving: false })
                .Select(node => _records[node.Id])
                .Where(record => record.Url.Length > 0)
                .OrderBy(record => record.Id, StringComparer.Ordinal)
                .Select(record => new ShieldMessage { Id = record.Id, Url = record.Url })
        );
        if (!view.Equals(_view))
            _view = view;
    }

    private static FleetNode ToMachine(NodeRecord record) =>
        new(record.Id, record.Role)
        {
            Enabled = record.Enabled,
            Leaving = record.Leaving,
            WasHealthy = record.Healthy,
            EverApplied = record.EverApplied,
        };
}
