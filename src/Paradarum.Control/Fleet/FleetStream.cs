using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.Fleet;

/// <summary>
/// One stream with one node: reads what it says into the desk, and writes what the desk lets it be sent. Reading and writing run side by side; when either ends,
/// the stream is over.
/// </summary>
internal sealed class FleetStream(
    FleetDesk desk,
    FleetQuestions questions,
    NodeSnapshots snapshots,
    LogWriter writer,
    NodeRecord node,
    IAsyncStreamReader<NodeMessage> incoming,
    IServerStreamWriter<ControlMessage> outgoing,
    RecordTraces recordTraces,
    TimeProvider time,
    ILogger log
)
{
    /// <summary>Most payload in one message; a record that is larger travels alone.</summary>
    private const int MessageBytes = 1 << 20;
    private const int MessageRecords = 1024;

    private const string NotReached = "the log no longer reaches back to it";

    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(5);

    // A hello's instance is made durable and then taken in, one after the other for each node: else two starts of it could pass each other.
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> OneHello = new(StringComparer.Ordinal);

    private readonly StreamTraces _traces = new(recordTraces, node.Id, time);
    private readonly Wake _wake = new();
    private readonly ConcurrentQueue<Grant> _grants = new();
    private string _snapshotReason = "it has nothing of this log";
    private ITimer? _pace;
    private long? _recordsSentAt;

    public async Task RunAsync(CancellationTokenSource stop)
    {
        if (!await incoming.MoveNext(stop.Token) || incoming.Current.Hello is not { } hello)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "The first message is hello."));
        if (LinkVersion.Agree(hello.Version, hello.OldestVersion) is not { } version)
        {
            await RefuseAsync(
                $"This control plane speaks link versions {LinkVersion.Oldest} to {LinkVersion.Current}, the node {hello.OldestVersion} to {hello.Version}.",
                stop.Token
            );
            return;
        }
        NodeLink? opened;
        string? refused;
        try
        {
            (opened, refused) = await OpenAsync(hello, stop.Token);
        }
        catch (LogUnavailableException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, e.Message));
        }
        if (opened is not { } link)
        {
            await RefuseAsync(
                refused ?? "A later start of this node holds its data folder, its token was renewed, or the node is gone.",
                stop.Token
            );
            return;
        }

        Exception? cause = null;
        try
        {
            await outgoing.WriteAsync(new ControlMessage { Welcome = Welcome(version) }, stop.Token);
            var reading = ReadAsync(link, stop.Token);
            var writing = WriteAsync(link, stop.Token);
            var first = await Task.WhenAny(reading, writing);
            await stop.CancelAsync();
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The peer or the host ended the stream: that is how streams end.
            cause = e;
        }
        finally
        {
            if (_pace is not null)
                await _pace.DisposeAsync();
            desk.Closed(link);
            log.NodeLost(node.Id, cause);
        }
    }

    private async Task<(NodeLink? Link, string? Refused)> OpenAsync(Hello hello, CancellationToken stop)
    {
        var facts = new InstanceFacts(hello.InstanceId, hello.BootId, hello.DataFolderId, hello.StartedAt);
        var gate = OneHello.GetOrAdd(node.Id, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(stop);
        try
        {
            // Asked before anything is written: a ghost that is refused must not be what the next start of the control plane takes for the latest.
            if (!desk.WouldTake(node.Id, facts))
                return default;
            var fit = FitOf(hello);
            if (Contradicts(fit))
            {
                // Another control plane may work by now, and have sent it that: then this one hears so from the database.
                await writer.ConfirmAsync(stop);
                fit = FitOf(hello);
            }
            if (Contradicts(fit))
            {
                // Of an epoch that was begun here it has read what was sent from here, or nothing: else one node could have epoch after epoch begun.
                if (desk.Feed.HasBegunEpoch)
                    return (null, $"No node can have read position {hello.Position} of this epoch. Give this one an empty data folder.");
                // Whether or not this node is still there when its turn comes: it may be the only one that knows.
                await writer.EndEpochAsync(Lost(hello, fit), CancellationToken.None);
                throw new LogUnavailableException("The log begins a new epoch.", null);
            }
            var done = desk.InstancesDone(node.Id, facts);
            await writer.WriteAsync(
                write =>
                {
                    FleetStore.SaveInstance(write, node.Id, facts, done);
                    return true;
                },
                stop
            );
            if (fit == CursorFit.BelowTail)
                _snapshotReason = NotReached;
            else if (fit == CursorFit.AnotherEpoch && hello.Epoch.Length > 0)
                _snapshotReason = "it has another log";
            ulong? presented = fit == CursorFit.Ours ? hello.Position : null;
            var link = desk.Hello(node, facts, presented, hello.Url, _wake);
            if (link is not null)
                log.NodeConnected(node.Id, hello.InstanceId, presented);
            return (link, null);
        }
        finally
        {
            gate.Release();
        }
    }

    private CursorFit FitOf(Hello hello) =>
        hello.Epoch.Length == 0 ? CursorFit.AnotherEpoch : desk.Feed.Fit(hello.Epoch, hello.Position, hello.Hash.Span);

    private static bool Contradicts(CursorFit fit) => fit is CursorFit.BeyondHead or CursorFit.AnotherHash;

    /// <summary>Nodes are sent what is durable: one that has read what is not there proves that the database was set back, by hand or by a snapshot of the machine.</summary>
    private string Lost(Hello hello, CursorFit fit) =>
        fit == CursorFit.BeyondHead
            ? $"node {node.Name} has read position {hello.Position}, and the database ends at {desk.Feed.Head.Position}."
            : $"node {node.Name} has read another record at position {hello.Position} than the database holds.";

    private Welcome Welcome(int version) =>
        new()
        {
            Version = version,
            NodeId = node.Id,
            Role = node.Role,
            Epoch = desk.Feed.Epoch,
            Fleet = desk.View,
        };

    private async Task RefuseAsync(string reason, CancellationToken stop)
    {
        log.NodeRefused(node.Id, reason);
        await outgoing.WriteAsync(new ControlMessage { Refused = new Refused { Reason = reason } }, stop);
    }

    private async Task ReadAsync(NodeLink link, CancellationToken stop)
    {
        while (await incoming.MoveNext(stop))
        {
            switch (incoming.Current)
            {
                case { Heartbeat: { } heartbeat }:
                    if (!await AnswerAsync(link, heartbeat, stop))
                        return;
                    break;
                case { Ack: { } ack }:
                    if (!desk.Acknowledge(link, ack))
                    {
                        log.AckRefused(node.Id, ack.Position);
                        return;
                    }
                    _traces.Acknowledged(ack.Position);
                    break;
                case { Answer: { } answer }:
                    questions.Answered(node.Id, answer);
                    break;
                case { Goodbye: not null }:
                    await GoodbyeAsync(link, stop);
                    return;
                case { LeaveDone: not null }:
                    desk.LeaveDone(link);
                    return;
            }
        }
    }

    /// <summary>Under the gate of hellos: a start that comes meanwhile must not be forgotten with this one.</summary>
    private async Task GoodbyeAsync(NodeLink link, CancellationToken stop)
    {
        var gate = OneHello.GetOrAdd(node.Id, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(stop);
        try
        {
            if (!desk.Goodbye(link))
                return;
            log.NodeStopped(node.Id);
            await writer.WriteAsync(
                write =>
                {
                    FleetStore.ForgetInstance(write, node.Id, link.Holding.Facts.InstanceId);
                    return true;
                },
                // The other half of the stream ends it as soon as the word is taken in; the row is to go all the same.
                CancellationToken.None
            );
        }
        finally
        {
            gate.Release();
        }
    }

    /// <returns>False when this control plane can't say any more that it is the one that works: the node is to look for another.</returns>
    private async Task<bool> AnswerAsync(NodeLink link, Heartbeat heartbeat, CancellationToken stop)
    {
        link.Figures = heartbeat.Figures;
        // A shield is asked by PoPs: its visitors are theirs.
        if (node.Role == NodeRole.Pop && heartbeat.Figures is { } figures)
            desk.Traffic.Take(figures.Traffic);
        if (heartbeat.PassingThrough > link.PassingThrough)
            log.PassingThrough(node.Id, heartbeat.PassingThrough);
        try
        {
            // Begun after the heartbeat arrived, as the lease is counted from then on.
            await writer.ConfirmAsync(stop);
        }
        catch (LogUnavailableException)
        {
            // The cause is said by the writer.
            return false;
        }
        var renewal = desk.Heartbeat(link, heartbeat.PassingThrough);
        if (renewal.Reason != RenewalReason.Granted)
        {
            if (renewal.Reason != RenewalReason.Leaving)
                log.NotRenewed(node.Id, renewal.Reason);
            return true;
        }
        _grants.Enqueue(
            new Grant
            {
                Heartbeat = heartbeat.Sequence,
                LeaseMilliseconds = (long)renewal.Terms.Lease.TotalMilliseconds,
                GraceMilliseconds = (long)renewal.Terms.Grace.TotalMilliseconds,
                Head = renewal.Head,
            }
        );
        _wake.Set();
        return true;
    }

    private async Task WriteAsync(NodeLink link, CancellationToken stop)
    {
        var view = desk.View;
        var toldToLeave = false;
        while (!link.Closed)
        {
            while (_grants.TryDequeue(out var grant))
                await outgoing.WriteAsync(new ControlMessage { Grant = grant }, stop);
            while (link.Questions.TryDequeue(out var question))
                await outgoing.WriteAsync(new ControlMessage { Question = question }, stop);
            if (!ReferenceEquals(view, desk.View))
                await outgoing.WriteAsync(new ControlMessage { Fleet = view = desk.View }, stop);
            if (link.Node.Leaving && !toldToLeave)
            {
                toldToLeave = true;
                await outgoing.WriteAsync(new ControlMessage { Leave = new Leave() }, stop);
            }
            if (!link.Node.Leaving && link.Sent is null)
                await SendSnapshotAsync(link, stop);
            else if (!await SendRecordsAsync(link, stop))
                await _wake.WaitAsync(stop);
        }
        if (!link.Node.Leaving)
            return;
        // It held nothing, so it is gone already. It is told all the same, or it would knock for ever; its answer ends the stream.
        if (!toldToLeave)
            await outgoing.WriteAsync(new ControlMessage { Leave = new Leave() }, stop);
        await Task.Delay(LeaveWithin, time, stop);
    }

    /// <summary>Takes the snapshot, waits until it may be sent, and sends it; grants go out meanwhile.</summary>
    private async Task SendSnapshotAsync(NodeLink link, CancellationToken stop)
    {
        var parts = await snapshots.TakeAsync(stop);
        var position = parts[0].Position;
        // The log's own notice of the new head may come later than the snapshot of it.
        desk.HeadMoved(position);
        while (!desk.AdmitSnapshot(link, position))
        {
            if (link.Closed || link.Node.Leaving)
                return;
            while (_grants.TryDequeue(out var grant))
                await outgoing.WriteAsync(new ControlMessage { Grant = grant }, stop);
            await _wake.WaitAsync(stop);
        }
        log.SnapshotSent(node.Id, position, _snapshotReason);
        foreach (var part in parts)
            await outgoing.WriteAsync(new ControlMessage { Snapshot = part }, stop);
    }

    /// <returns>False when nothing may be sent until something changes.</returns>
    private async Task<bool> SendRecordsAsync(NodeLink link, CancellationToken stop)
    {
        if (desk.MaySend(link, out var through) != SendHold.None || link.Sent is not { } sent)
            return false;
        if (through - sent < MessageRecords && IsTooSoon())
            return false;
        if (!desk.Feed.TryRead(sent, (int)Math.Min(MessageRecords, through - sent), MessageBytes, out var records))
        {
            // Retention has overtaken this node.
            _snapshotReason = NotReached;
            desk.NeedSnapshot(link);
            return true;
        }
        if (records.Count == 0)
            return false;
        var bytes = records.Sum(record => record.Payload.Length);
        if (!desk.Admit(link, records[^1].Position, bytes))
            return true;
        _recordsSentAt = time.GetTimestamp();
        await outgoing.WriteAsync(new ControlMessage { Records = Message(records) }, stop);
        return true;
    }

    /// <summary>True when the last records went out a moment ago: these wait for others to share a message with, and the stream is woken when they may go.</summary>
    private bool IsTooSoon()
    {
        if (_recordsSentAt is not { } sentAt)
            return false;
        var left = desk.NewsEvery - time.GetElapsedTime(sentAt);
        if (left <= TimeSpan.Zero)
            return false;
        // Timers count whole milliseconds, and one that rings early would find it too soon again.
        _pace ??= time.CreateTimer(_ => _wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _pace.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        return true;
    }

    private Records Message(IReadOnlyList<LogRecord> records)
    {
        var message = new Records();
        foreach (var record in records)
            message.Records_.Add(
                new LogRecordMessage
                {
                    Position = record.Position,
                    // Neither is modified after it was appended.
                    Hash = UnsafeByteOperations.UnsafeWrap(record.Hash),
                    Payload = UnsafeByteOperations.UnsafeWrap(record.Payload),
                    TraceParent = _traces.Sent(record.Position),
                }
            );
        return message;
    }
}
