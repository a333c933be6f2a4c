using Google.Protobuf;
using Paradarum.Control.Fleet;
using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet.Simulation;

/// <summary>One process of a node: the real state machine, and a model of what it would serve from.</summary>
internal sealed class SimulatedProcess(string nodeId, NodeRole role, InstanceFacts facts, double clockRate)
{
    /// <summary>The node's clock counts nanoseconds, as CLOCK_BOOTTIME does.</summary>
    private const long TicksPerSecond = 1_000_000_000;

    private readonly NodeMachine _machine = new(durable: null, TicksPerSecond);
    private readonly Queue<ControlMessage> _held = new();
    private Lease _lease = Lease.None;
    private TimeSpan _nextBeat;

    public string NodeId => nodeId;

    public NodeRole Role => role;

    public InstanceFacts Facts => facts;

    /// <summary>What requests are answered by; null when the store is empty and it knows no log.</summary>
    public ulong? Applied { get; private set; }

    public SimulatedStream? Stream { get; set; }

    /// <summary>Its clock runs on, nothing else does.</summary>
    public bool Paused { get; set; }

    /// <summary>Heartbeats and takes grants, but applies nothing.</summary>
    public bool Hung { get; set; }

    /// <summary>Another process of the same node was started elsewhere; this one lives on without a network.</summary>
    public bool Detached { get; set; }

    public bool Left { get; private set; }

    public LeaseState StateAt(TimeSpan trueTime) => _lease.At(Clock(trueTime));

    public long Clock(TimeSpan trueTime) => (long)(trueTime.TotalSeconds * clockRate * TicksPerSecond);

    public void Open(SimulatedStream stream, TimeSpan now)
    {
        _machine.Opened();
        _held.Clear();
        _nextBeat = now;
        Stream = stream;
        var cursor = _machine.Cursor;
        stream.ToControl.Send(
            new NodeMessage
            {
                Hello = new Hello
                {
                    Epoch = cursor?.Epoch ?? "",
                    Position = cursor?.Position ?? 0,
                    Hash = ByteString.CopyFrom(cursor is null ? [] : cursor.Hash.Span),
                },
            },
            now
        );
    }

    public void Beat(TimeSpan now)
    {
        if (Stream is null || now < _nextBeat)
            return;
        _nextBeat = now + ((_machine.LeaseLength ?? TimeSpan.FromSeconds(1)) / 3);
        Stream.ToControl.Send(new NodeMessage { Heartbeat = _machine.Beat(Clock(now)) }, now);
    }

    public void Receive(ControlMessage message, TimeSpan now)
    {
        if (Hung && (message.Records is not null || message.Snapshot is not null))
            _held.Enqueue(message);
        else
            Take(message, now);
    }

    public void Recover(TimeSpan now)
    {
        Hung = false;
        while (Stream is not null && _held.TryDequeue(out var message))
            Take(message, now);
    }

    private void Take(ControlMessage message, TimeSpan now)
    {
        var clock = Clock(now);
        var decisions = message switch
        {
            { Welcome: { } welcome } => _machine.Welcomed(welcome.Epoch),
            { Snapshot: { } part } => _machine.Snapshot(part, clock),
            { Records: { } records } => _machine.Records(records.Records_, clock),
            { Grant: { } grant } => _machine.Granted(grant, clock),
            { Leave: not null } => _machine.ToldToLeave(),
            _ => [],
        };
        foreach (var decision in decisions)
            CarryOut(decision, now);
    }

    private void CarryOut(NodeDecision decision, TimeSpan now)
    {
        switch (decision)
        {
            case NodeDecision.Apply apply:
                Applied = apply.Records[^1].Position;
                break;
            case NodeDecision.Replace replace:
                Applied = replace.Position;
                break;
            case NodeDecision.DropAll:
                Applied = null;
                break;
            case NodeDecision.Publish publish:
                _lease = publish.Lease;
                break;
            case NodeDecision.Acknowledge acknowledge:
                Stream?.ToControl.Send(
                    new NodeMessage
                    {
                        Ack = new Ack { Position = acknowledge.Position, Hash = ByteString.CopyFrom(acknowledge.Hash.Span) },
                    },
                    now
                );
                break;
            case NodeDecision.SayLeaveDone:
                Left = true;
                Stream?.ToControl.Send(new NodeMessage { LeaveDone = new LeaveDone() }, now);
                break;
            case NodeDecision.Reconnect:
                Stream?.Cut();
                Stream = null;
                break;
        }
    }
}

/// <summary>One direction of a stream: in order, each message late by what the schedule says.</summary>
internal sealed class SimulatedQueue<T>
{
    private readonly Queue<(T Message, TimeSpan DueAt)> _underway = new();
    private TimeSpan _lastDueAt;

    public TimeSpan Latency { get; set; }

    public void Send(T message, TimeSpan now)
    {
        _lastDueAt = now + Latency > _lastDueAt ? now + Latency : _lastDueAt;
        _underway.Enqueue((message, _lastDueAt));
    }

    public bool TryReceive(TimeSpan now, out T message)
    {
        message = default!;
        if (!_underway.TryPeek(out var next) || next.DueAt > now)
            return false;
        message = _underway.Dequeue().Message;
        return true;
    }

    public void Clear() => _underway.Clear();
}

internal sealed class SimulatedStream(SimulatedProcess process)
{
    public SimulatedProcess Process => process;

    public SimulatedQueue<NodeMessage> ToControl { get; } = new();

    public SimulatedQueue<ControlMessage> ToNode { get; } = new();

    /// <summary>The control plane's view of it, after the hello.</summary>
    public NodeLink? Link { get; set; }

    public bool IsCut { get; private set; }

    /// <summary>What is under way is lost, both ways.</summary>
    public void Cut()
    {
        IsCut = true;
        ToControl.Clear();
        ToNode.Clear();
    }
}
