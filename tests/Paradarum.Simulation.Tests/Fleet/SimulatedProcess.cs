using Google.Protobuf;
using Paradarum.Control.Fleet;
using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>
/// One process of a node: the real link machine, state, store and lease, and around them what the asynchronous shell does with messages and timers. It carries out
/// decisions in order, each event as a whole.
/// </summary>
internal sealed class SimulatedProcess
{
    private readonly Simulation _run;
    private readonly NodeMachine _machine;
    private readonly List<Action> _held = [];
    private readonly Chance _chance;
    private readonly Action<CancellationToken> _sweepAll;
    private SimulatedStream? _stream;
    private bool _willSweep;
    private bool _publishedOnce;
    private long _applyNotBefore;
    private int _address;
    private int _failures;

    /// <param name="kept">The store that a former process of the node left on its disk, swept up to its cursor; null: it starts with nothing.</param>
    public SimulatedProcess(Simulation run, int node, InstanceFacts facts, SimulatedProcess? kept)
    {
        (_run, Node, Facts) = (run, node, facts);
        _chance = new Chance(Chance.Mix(run.Settings.Seed, (ulong)(facts.StartedAt + 100)));
        Clock = run.ClockOf(node);
        Lease = new LeaseHolder(Clock);
        var durable = kept?._machine.Cursor;
        _machine = new NodeMachine(durable, Clock.TimestampFrequency);
        if (kept is null || durable is null)
        {
            State = new NodeState(new EntryIndex(), Clock) { NodeId = Topology.NodeIds[node] };
            Store = new ResponseStore(State, 1 << 20);
        }
        else
        {
            (State, Store) = (kept.State, kept.Store);
        }
        _sweepAll = new Sweeper(State, Clock).SweepAll;
        State.SweepNeeded = PlanSweep;
        State.Index.FetchReleased = _ => PlanSweep();
        Serving = new Serving(run, this);
    }

    public int Node { get; }

    public InstanceFacts Facts { get; }

    public NodeClock Clock { get; }

    public NodeState State { get; }

    public ResponseStore Store { get; }

    public LeaseHolder Lease { get; }

    public Serving Serving { get; }

    public bool IsAlive { get; private set; } = true;

    /// <summary>SIGSTOP: its clock runs on, nothing else does.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>SIGTERM: it takes in nobody any more.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Its successor was started elsewhere; it lives on without a control plane.</summary>
    public bool IsDetached { get; private set; }

    /// <summary>What a request that arrives now is told of the lease.</summary>
    public LeaseState LeaseNow => Lease.State is var state && state == LeaseState.Fenced && ServesEarly ? LeaseState.Owed : state;

    // Mutation: a node that is back in the fleet believes that all is well again.
    private bool ServesEarly =>
        _run.Mutation == Mutation.RejoinServesEarly
        && _stream is { IsWelcomed: true, IsCut: false }
        && _machine.Cursor is not null
        && !_publishedOnce;

    /// <summary>Something happens to this process, if it still lives; while it is paused, it waits.</summary>
    public void At(long instant, Action happens) => _run.Time.At(instant, () => Do(happens));

    public void After(long delay, Action happens) => At(_run.Time.Now + delay, happens);

    public void Start() =>
        After(_chance.Short(Time.Second / 50) + (_run.Time.Now == 0 && _run.Database is not null ? Time.Second / 8 : 0), Open);

    /// <summary>SIGTERM: what is under way goes on for a while, then the lease is given up and that is said, and soon the process ends, heard or not.</summary>
    public void Stop(long drain)
    {
        // Mutation: it says goodbye first, and serves on its lease until it ends.
        if (_run.Mutation == Mutation.GoodbyeBeforeServingStops)
        {
            CarryOut([.. _machine.ServingIsOver().Where(decision => decision is not NodeDecision.Publish)]);
            After(drain, Kill);
            return;
        }
        IsDraining = true;
        After(
            drain,
            () =>
            {
                CarryOut(_machine.ServingIsOver());
                After(_chance.Short(Time.Second / 5) + 1, Kill);
            }
        );
    }

    public void Kill()
    {
        if (!IsAlive)
            return;
        (IsAlive, IsPaused) = (false, false);
        if (_stream is { } stream)
            LeaveBehind(stream);
        Serving.Die();
    }

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        for (var i = 0; i < _held.Count && IsAlive && !IsPaused; i++)
            _held[i]();
        _held.Clear();
    }

    public void Detach()
    {
        IsDetached = true;
        if (_stream is { } stream)
            LeaveBehind(stream);
    }

    /// <summary>The stream is gone, and the node notices.</summary>
    public void Lost(SimulatedStream stream)
    {
        stream.Cut();
        if (!ReferenceEquals(_stream, stream))
            return;
        _stream = null;
        _publishedOnce = false;
        After(Rest(), Open);
    }

    /// <summary>Whatever the network does to this node's stream, it is lost at both ends, each noticing in its time.</summary>
    public void CutStream()
    {
        if (_stream is not { } stream)
            return;
        LeaveBehind(stream);
        After(Rest(), Open);
    }

    public void Take(SimulatedStream stream, object message)
    {
        if (!ReferenceEquals(_stream, stream))
            return;
        var now = Clock.GetTimestamp();
        switch (message)
        {
            case Welcome welcome:
                stream.IsWelcomed = true;
                _failures = 0;
                CarryOut(_machine.Welcomed(welcome.Epoch));
                Beat(stream);
                break;
            case SnapshotPart part:
                CarryOut(_machine.Snapshot(part, now));
                break;
            case Records records:
                CarryOut(_machine.Records(records.Records_, now));
                break;
            case Grant grant:
                if (_run.Mutation == Mutation.GrantCreditedToALaterHeartbeat)
                    grant = new Grant(grant) { Heartbeat = _lastBeat };
                CarryOut(_machine.Granted(grant, now));
                break;
            case Leave:
                CarryOut(_machine.ToldToLeave());
                break;
        }
    }

    private ulong _lastBeat;

    /// <summary>It happens to this process now, if it still lives; while it is paused, it waits.</summary>
    public void Do(Action happens)
    {
        if (!IsAlive)
            return;
        if (IsPaused)
            _held.Add(happens);
        else
            happens();
    }

    private void LeaveBehind(SimulatedStream stream)
    {
        _stream = null;
        _publishedOnce = false;
        stream.Cut();
        var control = stream.Slot.Control!;
        _run.Time.After(_chance.Between(0, Time.Second), () => stream.Slot.Do(() => control.Lose(stream)));
    }

    private void Open()
    {
        if (_stream is not null || IsDetached || HasLeft)
            return;
        var slot = _run.Controls[_address];
        if (!slot.Works || _run.Network.IsCut(Node, slot.Place))
        {
            After(_run.Controls.Length == 1 ? _chance.Between(Time.Second / 10, Time.Second * 2 / 5) : Rest(), Open);
            return;
        }
        var stream = _stream = new SimulatedStream(_run, this, slot);
        _machine.Opened();
        var cursor = _machine.Cursor;
        var (epoch, position) = (cursor?.Epoch ?? "", cursor?.Position ?? 0);
        var hash = cursor is null ? ByteString.Empty : ByteString.CopyFrom(cursor.Hash.Span);
        stream.Up(control => control.Hello(stream, Facts, epoch, position, hash), mayDouble: false);
        // A stream that does not welcome is no stream.
        After(
            Time.Second,
            () =>
            {
                if (ReferenceEquals(_stream, stream) && !stream.IsWelcomed)
                    Lost(stream);
            }
        );
    }

    /// <summary>Until the next address is tried, or the only one again.</summary>
    private long Rest()
    {
        if (_run.Controls.Length == 1)
            return _chance.Between(Time.Second / 100, Time.Second / 5);
        _address = (_address + 1) % _run.Controls.Length;
        return Backoff.For(++_failures, _run.Controls.Length, _chance.Part()).Ticks;
    }

    private bool HasLeft { get; set; }

    private void Beat(SimulatedStream stream)
    {
        if (!ReferenceEquals(_stream, stream) || stream.IsCut || HasLeft)
            return;
        var beat = _machine.Beat(Clock.GetTimestamp());
        _lastBeat = beat.Sequence;
        stream.Up(control => control.Heartbeat(stream, beat));
        After(Clock.True((_machine.LeaseLength / 3) ?? TimeSpan.FromMilliseconds(250)), () => Beat(stream));
    }

    private void CarryOut(IReadOnlyList<NodeDecision> decisions)
    {
        foreach (var decision in decisions)
        {
            switch (decision)
            {
                case NodeDecision.Apply apply when _run.Mutation == Mutation.AckBeforePublish:
                    // What is acknowledged is in force only a while later.
                    _applyNotBefore = Math.Max(_applyNotBefore, _run.Time.Now) + _chance.Short(Time.Second / 3);
                    At(_applyNotBefore, () => State.Apply(apply.Records));
                    break;
                case NodeDecision.Apply apply:
                    State.Apply(apply.Records);
                    Serving.Moved();
                    break;
                case NodeDecision.Replace replace:
                    State.Replace(replace.Epoch, replace.Position, replace.Hash, replace.Properties);
                    Serving.Moved();
                    break;
                case NodeDecision.DropAll drop:
                    State.DropAll(drop.ForGood);
                    Serving.Moved();
                    break;
                case NodeDecision.Publish publish:
                    Lease.Current = publish.Lease;
                    _publishedOnce |= publish.Lease != Edge.Leasing.Lease.None;
                    break;
                case NodeDecision.Acknowledge acknowledge when _stream is { } stream:
                    stream.Up(control => control.Acknowledge(stream, acknowledge.Position, acknowledge.Hash));
                    break;
                case NodeDecision.SayLeaveDone:
                    HasLeft = true;
                    if (_stream is { } last)
                        last.Up(control => control.LeaveDone(last));
                    break;
                case NodeDecision.SayGoodbye:
                    HasLeft = true;
                    if (_stream is { } open)
                        open.Up(control => control.Goodbye(open));
                    break;
                case NodeDecision.Reconnect when _stream is { } broken:
                    CutStream();
                    broken.Cut();
                    break;
            }
        }
    }

    /// <summary>Sweeps some time later, as its loop would: nothing waits for it.</summary>
    private void PlanSweep()
    {
        if (_willSweep || State.Current.Properties.Values.All(property => property.Pending.IsEmpty))
            return;
        _willSweep = true;
        After(_chance.Short(Time.Second / 4) + (Time.Millisecond * 5), Sweep);
    }

    private void Sweep()
    {
        _willSweep = false;
        _sweepAll(CancellationToken.None);
        if (_run.Mutation != Mutation.RuleRetiredOverAFetchInFlight)
            return;
        foreach (var (propertyId, _) in State.Current.Properties)
            State.Retire(propertyId, State.Current.Position, State.Current.Generation);
    }
}
