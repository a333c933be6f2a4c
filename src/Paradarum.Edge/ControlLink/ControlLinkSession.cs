using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.ControlLink;

/// <summary>One stream: feeds what arrives to the machine and carries out what it decides, in order, on one task.</summary>
internal sealed class ControlLinkSession(
    ControlLinkOptions options,
    NodeIdentity identity,
    NodeInstance instance,
    NodeMachine machine,
    NodeState state,
    LeaseHolder lease,
    FleetDirectory directory,
    RecentCounts recent,
    Traffic traffic,
    TimeProvider bootClock,
    ILogger log,
    CancellationToken servingIsOver
) : IDisposable
{
    /// <summary>Between heartbeats until the first grant says how long leases are.</summary>
    private static readonly TimeSpan FirstHeartbeats = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a sweep's figures may wait when there is nothing to acknowledge.</summary>
    private static readonly TimeSpan CountsEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>A stream that does not welcome is no stream.</summary>
    private static readonly TimeSpan WelcomeWithin = TimeSpan.FromSeconds(5);

    // Null: the clock is to be looked at.
    private readonly Channel<ControlMessage?> _arrived = Channel.CreateBounded<ControlMessage?>(64);
    private readonly SemaphoreSlim _oneWriter = new(1, 1);
    private readonly Acknowledgements _acknowledgements = new(state, recent);
    private readonly QuestionDesk _questions = new(state, bootClock);
    private IClientStreamWriter<NodeMessage>? _outgoing;
    private int _passingThrough;
    private volatile bool _rang;
    private bool _over;

    /// <summary>The stream brought something: the next failure is the first.</summary>
    public bool Progressed { get; private set; }

    /// <summary>The node was deleted and has said so.</summary>
    public bool Left { get; private set; }

    /// <summary>The process ends and has said that it holds no lease.</summary>
    public bool SaidGoodbye { get; private set; }

    public async Task RunAsync(FleetLink.FleetLinkClient client, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var headers = new Metadata { { "paradarum-node", identity.NodeId }, { "paradarum-credential", identity.Credential } };
        using var call = client.Follow(headers, cancellationToken: ending.Token);
        _outgoing = call.RequestStream;
        machine.Opened();
        await SendAsync(new NodeMessage { Hello = Hello() }, stop);
        await WelcomeAsync(call.ResponseStream, ending.Token, stop);

        var pumping = PumpAsync(call.ResponseStream, ending.Token);
        var answering = _questions.RunAsync(answer => SendAsync(new NodeMessage { Answer = answer }, ending.Token), ending.Token);
        try
        {
            await FollowAsync(stop);
        }
        finally
        {
            // The last word is said: the control plane ends the stream once it has taken it in.
            if (Left || SaidGoodbye)
                await call.RequestStream.CompleteAsync();
            else
                await ending.CancelAsync();
            await ((Task)pumping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ending.CancelAsync();
            await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (!Left && !SaidGoodbye)
            await pumping;
    }

    public void Dispose() => _oneWriter.Dispose();

    private Hello Hello()
    {
        var cursor = machine.Cursor;
        return new Hello
        {
            Version = LinkVersion.Current,
            OldestVersion = LinkVersion.Oldest,
            Epoch = cursor?.Epoch ?? "",
            Position = cursor?.Position ?? 0,
            Hash = cursor is null ? ByteString.Empty : ByteString.CopyFrom(cursor.Hash.Span),
            InstanceId = instance.Id,
            BootId = instance.BootId,
            DataFolderId = instance.FolderId,
            StartedAt = instance.StartedAt,
            Url = options.PublicUrl,
        };
    }

    private async Task WelcomeAsync(IAsyncStreamReader<ControlMessage> incoming, CancellationToken ending, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(WelcomeWithin, bootClock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ending);
        if (!await incoming.MoveNext(either.Token))
            throw new IOException("The control plane ended the stream without a word.");
        if (incoming.Current.Refused is { } refused)
        {
            log.LinkRefused(refused.Reason);
            throw new IOException("The control plane refused this node.");
        }
        if (incoming.Current.Welcome is not { } welcome)
            throw new IOException("The control plane did not begin with a welcome.");
        if (!LinkVersion.Speaks(welcome.Version))
        {
            log.LinkRefused($"It speaks link version {welcome.Version}, this node {LinkVersion.Oldest} to {LinkVersion.Current}.");
            throw new IOException("The control plane speaks another version of the link.");
        }
        log.LinkOpened(identity.NodeId, welcome.Epoch);
        Learn(welcome.Fleet);
        await CarryOutAsync(machine.Welcomed(welcome.Epoch), stop);
    }

    private async Task PumpAsync(IAsyncStreamReader<ControlMessage> incoming, CancellationToken ending)
    {
        try
        {
            while (await incoming.MoveNext(ending))
                await _arrived.Writer.WriteAsync(incoming.Current, ending);
        }
        finally
        {
            _arrived.Writer.TryComplete();
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        var nextBeat = bootClock.GetTimestamp();
        var nextCounts = nextBeat;
        // One timer for the life of the stream, set when an instant was reached and not for every message.
        await using var alarm = bootClock.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var setFor = 0L;
        await using var told = servingIsOver.Register(Ring);
        while (!_over)
        {
            if (servingIsOver.IsCancellationRequested)
            {
                await CarryOutAsync(machine.ServingIsOver(), stop);
                return;
            }
            var now = bootClock.GetTimestamp();
            if (now >= nextBeat)
            {
                // Read just before it is sent: what is granted in answer counts from this instant.
                var beat = machine.Beat(now);
                beat.Figures = state.Figures();
                traffic.TakeInto(beat.Figures);
                beat.PassingThrough = _passingThrough;
                _acknowledgements.Beaten(beat.Sequence);
                await SendAsync(new NodeMessage { Heartbeat = beat }, stop);
                nextBeat = now + Ticks((machine.LeaseLength / 3) ?? FirstHeartbeats);
            }
            if (now >= nextCounts)
            {
                if (machine.Cursor is { } cursor && _acknowledgements.OfNewCounts(cursor) is { } news)
                    await SendAsync(news, stop);
                nextCounts = now + Ticks(CountsEvery);
            }
            var next = Math.Min(nextBeat, nextCounts);
            if (next != setFor || _rang)
            {
                _rang = false;
                setFor = next;
                alarm.Change(Until(next), Timeout.InfiniteTimeSpan);
            }
            if (!await _arrived.Reader.WaitToReadAsync(stop))
                return;
            await TakeArrivedAsync(stop);
        }
    }

    private void Ring()
    {
        // First, so that it is seen also when there is no room for the word: then the loop is about to run anyway.
        _rang = true;
        _arrived.Writer.TryWrite(null);
    }

    /// <summary>At least a millisecond, which timers count in: one that rings early is set again.</summary>
    private TimeSpan Until(long instant)
    {
        var left = bootClock.GetElapsedTime(bootClock.GetTimestamp(), instant);
        return left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left;
    }

    /// <summary>Everything that has arrived; records of several messages are applied in one snapshot.</summary>
    private async Task TakeArrivedAsync(CancellationToken stop)
    {
        var records = new List<LogRecordMessage>();
        while (!_over && _arrived.Reader.TryRead(out var message))
        {
            if (message is null)
                continue;
            if (message.Records is { } more)
            {
                records.AddRange(more.Records_);
                continue;
            }
            await ApplyAsync(records, stop);
            await TakeAsync(message, stop);
        }
        await ApplyAsync(records, stop);
    }

    private async Task ApplyAsync(List<LogRecordMessage> records, CancellationToken stop)
    {
        if (records.Count == 0 || _over)
            return;
        Progressed = true;
        var traces = LinkTraces.Of(records);
        await CarryOutAsync(machine.Records(records, bootClock.GetTimestamp()), stop);
        traces?.Applied(identity.NodeId);
        records.Clear();
    }

    private async Task TakeAsync(ControlMessage message, CancellationToken stop)
    {
        Progressed = true;
        switch (message)
        {
            case { Snapshot: { } part }:
                await CarryOutAsync(machine.Snapshot(part, bootClock.GetTimestamp()), stop);
                break;
            case { Grant: { } grant }:
                _acknowledgements.Heard(grant.Heartbeat);
                await CarryOutAsync(machine.Granted(grant, bootClock.GetTimestamp()), stop);
                break;
            case { Fleet: { } fleet }:
                Learn(fleet);
                break;
            case { Question: { } question }:
                _questions.Put(question);
                break;
            case { Leave: not null }:
                await CarryOutAsync(machine.ToldToLeave(), stop);
                break;
            case { Refused: { } refused }:
                log.LinkRefused(refused.Reason);
                _over = true;
                break;
        }
    }

    private async Task CarryOutAsync(IReadOnlyList<NodeDecision> decisions, CancellationToken stop)
    {
        foreach (var decision in decisions)
        {
            switch (decision)
            {
                case NodeDecision.Apply apply:
                    state.Apply(apply.Records);
                    NotePassThrough();
                    break;
                case NodeDecision.Replace replace:
                    _acknowledgements.Forget();
                    state.Replace(replace.Epoch, replace.Position, replace.Hash, replace.Properties);
                    NotePassThrough();
                    break;
                case NodeDecision.DropAll drop:
                    _acknowledgements.Forget();
                    state.DropAll(drop.ForGood);
                    break;
                case NodeDecision.Publish publish:
                    lease.Current = publish.Lease;
                    break;
                case NodeDecision.Acknowledge acknowledge:
                    await SendAsync(_acknowledgements.Of(acknowledge.Position, acknowledge.Hash), stop);
                    break;
                case NodeDecision.SayLeaveDone:
                    // What it says is true already, whether or not it is heard.
                    Left = _over = true;
                    await SendAsync(new NodeMessage { LeaveDone = new LeaveDone() }, stop);
                    break;
                case NodeDecision.SayGoodbye:
                    SaidGoodbye = _over = true;
                    await SendAsync(new NodeMessage { Goodbye = new Goodbye() }, stop);
                    break;
                case NodeDecision.Reconnect reconnect:
                    log.EverythingDropped(reconnect.Fault);
                    _over = true;
                    break;
                default:
                    throw new UnreachableException($"A decision without effect: {decision}.");
            }
        }
    }

    /// <summary>Said here when it changes, and to the control plane with every heartbeat.</summary>
    private void NotePassThrough()
    {
        var snapshot = state.Current;
        var count = snapshot.PassThroughAll ? Math.Max(1, snapshot.Properties.Count) : snapshot.PassingThrough + snapshot.Unread.Count;
        if (count > _passingThrough)
            log.PassingThrough(count, snapshot.Position);
        _passingThrough = count;
    }

    private void Learn(FleetView fleet)
    {
        var shields = ImmutableArray.CreateBuilder<ShieldAddress>();
        foreach (var shield in fleet.Shields)
        {
            if (Uri.TryCreate(shield.Url, UriKind.Absolute, out var url))
                shields.Add(new ShieldAddress(shield.Id, url));
        }
        directory.Current = new FleetKnowledge(shields.ToImmutable(), fleet.FleetKey.Memory, fleet.PurgeTokenKey.Memory)
        {
            CertificateKey = fleet.CertificateKey.Memory,
        };
    }

    /// <summary>One at a time: answers to questions come from a task of their own.</summary>
    private async Task SendAsync(NodeMessage message, CancellationToken stop)
    {
        await _oneWriter.WaitAsync(stop);
        try
        {
            await _outgoing!.WriteAsync(message, stop);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    private long Ticks(TimeSpan length) => (long)(length.TotalSeconds * bootClock.TimestampFrequency);
}
