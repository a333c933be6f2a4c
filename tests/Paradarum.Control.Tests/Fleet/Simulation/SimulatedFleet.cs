using System.Globalization;
using Google.Protobuf;
using Paradarum.Control.Fleet;
using Paradarum.Edge.Leasing;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.Tests.Fleet.Simulation;

/// <summary>What a test breaks on purpose, to show that the invariants notice.</summary>
internal sealed record Sabotage
{
    public LeaseCount Count { get; init; } = LeaseCount.TwoPercentLonger;

    /// <summary>The head that a grant names.</summary>
    public Func<ulong, ulong> GrantedHead { get; init; } = head => head;

    /// <summary>PoPs are sent what is durable, shields what PoPs have applied.</summary>
    public bool SwapTiers { get; init; }

    /// <summary>A restarted control plane believes that nobody holds a lease.</summary>
    public bool ForgetGrants { get; init; }

    /// <summary>A successor counts as proof that its predecessor is dead, whatever it shows.</summary>
    public bool BelieveSuccessors { get; init; }
}

/// <summary>The real state machines of both sides, with a network and clocks that a schedule bends. Time is true time; every clock is off by its own rate.</summary>
internal sealed class SimulatedFleet
{
    private const string Epoch = "simulated";

    private readonly Sabotage _sabotage;
    private readonly double[] _nodeRates;
    private readonly double _controlRate;
    private readonly FleetOptions _options;
    private readonly List<(ByteString Hash, ByteString Payload)> _log = [(ByteString.CopyFrom(Chain.Origin(Epoch)), ByteString.Empty)];
    private readonly List<SimulatedProcess> _processes = [];
    private readonly List<SimulatedStream> _streams = [];
    private readonly Dictionary<string, List<(InstanceFacts Facts, bool Latest)>> _instances = new(StringComparer.Ordinal);
    private readonly List<string> _left = [];
    private FleetMachine _control = null!;
    private TimeSpan _controlStartedAt;
    private ulong _completeThrough;
    private int _starts;

    public SimulatedFleet(int shields, int pops, FleetOptions options, double controlRate, double[] nodeRates, Sabotage sabotage)
    {
        (_options, _controlRate, _nodeRates, _sabotage) = (options, controlRate, nodeRates, sabotage);
        NodeIds =
        [
            .. Enumerable.Range(0, shields + pops).Select(i => (i < shields ? "shield" : "pop") + i.ToString(CultureInfo.InvariantCulture)),
        ];
        foreach (var id in NodeIds)
            _instances[id] = [];
        StartControl();
        for (var i = 0; i < NodeIds.Count; i++)
            StartProcess(i, "folder", "boot");
    }

    public IReadOnlyList<string> NodeIds { get; }

    public TimeSpan Now { get; private set; }

    public ulong Head => (ulong)_log.Count - 1;

    public ulong CompleteThrough => _completeThrough;

    /// <summary>The first invariant that was broken, in words.</summary>
    public string? Broken { get; private set; }

    public IEnumerable<SimulatedProcess> Running => _processes.Where(process => !process.Detached);

    public FleetCensus Census => _control.Census(ControlNow);

    private TimeSpan ControlNow => (Now - _controlStartedAt) * _controlRate;

    public void Purge()
    {
        var position = Head + 1;
        var payload = ByteString.CopyFromUtf8(position.ToString(CultureInfo.InvariantCulture));
        _log.Add((ByteString.CopyFrom(Chain.Next(_log[^1].Hash.Span, position, payload.Span)), payload));
    }

    /// <summary>The control plane's shell notices the durable head some time after it moved.</summary>
    public void NoticeHead() => _control.HeadMoved(Head);

    public SimulatedProcess Process(int node) =>
        _processes.Last(process => string.Equals(process.NodeId, NodeIds[node], StringComparison.Ordinal));

    public void Cut(int node)
    {
        if (Process(node).Stream is { } stream)
            Lose(stream);
    }

    public void Kill(int node)
    {
        var process = Process(node);
        Cut(node);
        _processes.Remove(process);
        StartProcess(node, process.Facts.FolderId, process.Facts.BootId);
    }

    /// <summary>The machine restarts: the successor can prove nothing.</summary>
    public void Reboot(int node)
    {
        var process = Process(node);
        Cut(node);
        _processes.Remove(process);
        StartProcess(node, process.Facts.FolderId, process.Facts.BootId + "'");
    }

    /// <summary>The node is started elsewhere while its former process lives on, cut off and serving.</summary>
    public void StartElsewhere(int node)
    {
        var process = Process(node);
        Cut(node);
        process.Detached = true;
        StartProcess(node, process.Facts.FolderId + "'", process.Facts.BootId);
    }

    public void Delete(int node)
    {
        if (_control.Find(NodeIds[node]) is { } known)
            known.Leaving = true;
    }

    public void RestartControl()
    {
        foreach (var stream in _streams.ToList())
            Lose(stream);
        StartControl();
    }

    public void Advance(TimeSpan by, TimeSpan latency)
    {
        var until = Now + by;
        while (Now < until && Broken is null)
        {
            var step = TimeSpan.FromMilliseconds(50);
            Now = Now + step < until ? Now + step : until;
            foreach (var process in _processes.ToList())
                Drive(process, latency);
            foreach (var stream in _streams.ToList())
                Receive(stream);
            foreach (var stream in _streams.ToList())
                Dispatch(stream);
            Decide();
            Check();
        }
    }

    private void StartControl()
    {
        _controlStartedAt = Now;
        var nodes = NodeIds
            .Except(_left, StringComparer.Ordinal)
            .Select(id => new FleetNode(id, id.StartsWith("shield", StringComparison.Ordinal) ? NodeRole.Shield : NodeRole.Pop)
            {
                Leaving = _control?.Find(id)?.Leaving ?? false,
            });
        var known = _instances.SelectMany(pair => pair.Value.Select(one => new KnownInstance(pair.Key, one.Facts, one.Latest)));
        _control = new FleetMachine(
            _options,
            new FleetStart(Head, _completeThrough, new LeaseTerms(_options.Lease, _options.Grace), Restored: false),
            _sabotage.Count,
            nodes.ToList(),
            _sabotage.ForgetGrants ? [] : known
        );
    }

    private void StartProcess(int node, string folder, string boot)
    {
        var id = NodeIds[node];
        var role = id.StartsWith("shield", StringComparison.Ordinal) ? NodeRole.Shield : NodeRole.Pop;
        var facts = new InstanceFacts($"{id}#{++_starts}", boot, _sabotage.BelieveSuccessors ? "any" : folder, _starts);
        _processes.Add(new SimulatedProcess(id, role, facts, _nodeRates[node % _nodeRates.Length]));
    }

    private void Lose(SimulatedStream stream)
    {
        stream.Cut();
        _streams.Remove(stream);
        if (ReferenceEquals(stream.Process.Stream, stream))
            stream.Process.Stream = null;
        if (stream.Link is { } link)
            _control.LinkLost(link);
    }

    private void Drive(SimulatedProcess process, TimeSpan latency)
    {
        if (process.Paused || process.Left || process.Detached)
            return;
        if (process.Stream is null || process.Stream.IsCut)
        {
            if (process.Stream is { } cut)
                Lose(cut);
            var stream = new SimulatedStream(process);
            (stream.ToControl.Latency, stream.ToNode.Latency) = (latency, latency);
            _streams.Add(stream);
            process.Open(stream, Now);
        }
        (process.Stream!.ToControl.Latency, process.Stream.ToNode.Latency) = (latency, latency);
        while (process.Stream is { IsCut: false } live && live.ToNode.TryReceive(Now, out var message))
            process.Receive(message, Now);
        process.Beat(Now);
    }

    private void Receive(SimulatedStream stream)
    {
        while (!stream.IsCut && stream.ToControl.TryReceive(Now, out var message))
        {
            if (message.Hello is { } hello)
                Welcome(stream, hello);
            else if (stream.Link is not { } link)
                return;
            else if (link.Closed)
                Lose(stream);
            else if (message.Heartbeat is { } heartbeat)
                Answer(stream, link, heartbeat);
            else if (message.Ack is { } ack)
                _control.Acknowledge(link, ack.Position);
            else if (message.LeaveDone is not null)
                _control.LeaveDone(link);
        }
    }

    private void Welcome(SimulatedStream stream, Hello hello)
    {
        if (_control.Find(stream.Process.NodeId) is not { } node)
        {
            Lose(stream);
            return;
        }
        var facts = stream.Process.Facts;
        var known = _instances[node.Id];
        known.RemoveAll(one =>
            facts.ProvesDead(one.Facts) || string.Equals(one.Facts.InstanceId, facts.InstanceId, StringComparison.Ordinal)
        );
        for (var i = 0; i < known.Count; i++)
            known[i] = (known[i].Facts, false);
        known.Add((facts, true));
        ulong? presented =
            hello.Epoch.Length > 0 && hello.Position <= Head && _log[(int)hello.Position].Hash == hello.Hash ? hello.Position : null;
        _control.HeadMoved(Math.Max(_control.Dispatch.Head, presented ?? 0));
        stream.Link = _control.Hello(node, facts, presented, ControlNow);
        if (stream.Link is null)
            Lose(stream);
        else
            stream.ToNode.Send(new ControlMessage { Welcome = new Welcome { Epoch = Epoch } }, Now);
    }

    private void Answer(SimulatedStream stream, NodeLink link, Heartbeat heartbeat)
    {
        var renewal = _control.Heartbeat(link, ControlNow);
        if (renewal.Reason != RenewalReason.Granted)
            return;
        var grant = new Grant
        {
            Heartbeat = heartbeat.Sequence,
            LeaseMilliseconds = (long)renewal.Terms.Lease.TotalMilliseconds,
            GraceMilliseconds = (long)renewal.Terms.Grace.TotalMilliseconds,
            Head = _sabotage.GrantedHead(renewal.Head),
        };
        stream.ToNode.Send(new ControlMessage { Grant = grant }, Now);
    }

    private void Dispatch(SimulatedStream stream)
    {
        if (stream.Link is not { Closed: false } link || stream.IsCut)
            return;
        if (link.Node.Leaving)
            stream.ToNode.Send(new ControlMessage { Leave = new Leave() }, Now);
        else if (link.Sent is not { } sent)
            SendSnapshot(stream, link);
        else if (MaySend(link, out var through))
            SendRecords(stream, link, sent, through);
    }

    private bool MaySend(NodeLink link, out ulong through)
    {
        if (!_sabotage.SwapTiers)
            return _control.Dispatch.MaySend(link, ControlNow, out through) == SendHold.None;
        through = _control.Dispatch.Head;
        if (link.Node.Role == NodeRole.Shield)
            through = _control.Nodes.Where(node => node.Role == NodeRole.Pop).Min(node => node.EverApplied);
        return through > link.Sent;
    }

    private void SendSnapshot(SimulatedStream stream, NodeLink link)
    {
        var position = _control.Dispatch.Head;
        if (!_control.Dispatch.AdmitSnapshot(link, position, ControlNow))
            return;
        CheckOrder(link, position);
        stream.ToNode.Send(
            new ControlMessage
            {
                Snapshot = new SnapshotPart
                {
                    Epoch = Epoch,
                    Position = position,
                    Hash = _log[(int)position].Hash,
                    Last = true,
                },
            },
            Now
        );
    }

    private void SendRecords(SimulatedStream stream, NodeLink link, ulong sent, ulong through)
    {
        if (_sabotage.SwapTiers)
            link.NoteSent(through, 1, ControlNow);
        else if (!_control.Dispatch.Admit(link, through, 1, ControlNow))
            return;
        CheckOrder(link, through);
        var records = new Records();
        for (var position = sent + 1; position <= through; position++)
            records.Records_.Add(
                new LogRecordMessage
                {
                    Position = position,
                    Hash = _log[(int)position].Hash,
                    Payload = _log[(int)position].Payload,
                }
            );
        stream.ToNode.Send(new ControlMessage { Records = records }, Now);
    }

    private void Decide()
    {
        _control.Completion.Decide(_control.Dispatch.Head, ControlNow);
        _completeThrough = Math.Max(_completeThrough, _control.Completion.DecidedThrough);
        _left.AddRange(_control.TakeGone(ControlNow).Select(node => node.Id));
        foreach (var id in _left)
            _instances[id].Clear();
    }

    /// <summary>G3, as it is at the moment of sending.</summary>
    private void CheckOrder(NodeLink link, ulong through)
    {
        if (link.Node.Role != NodeRole.Pop)
            return;
        foreach (var shield in _processes.Where(process => process.Role == NodeRole.Shield))
        {
            if (shield.StateAt(Now) == LeaseState.Leased && (shield.Applied ?? 0) < through)
                Broken ??=
                    $"G3: at {Now} {link.Node.Id} is sent {through} while {shield.Facts.InstanceId} is leased and has applied {shield.Applied}";
        }
    }

    private void Check()
    {
        foreach (var process in _processes.Where(process => !process.Paused))
        {
            if (process.StateAt(Now) == LeaseState.Fenced)
                continue;
            // G6: no request that arrives now is answered with what a completed purge has purged.
            if ((process.Applied ?? 0) < _completeThrough)
                Broken ??=
                    $"G6: at {Now} {_completeThrough} is complete while {process.Facts.InstanceId} is {process.StateAt(Now)} and has applied {process.Applied}";
            var counted = _control
                .Find(process.NodeId)
                ?.Holdings.Any(holding => ReferenceEquals(holding.Facts, process.Facts) && !holding.IsFenced(ControlNow));
            if (counted != true)
                Broken ??=
                    $"Leases: at {Now} {process.Facts.InstanceId} is {process.StateAt(Now)} and the control plane counts it as fenced";
        }
    }
}
