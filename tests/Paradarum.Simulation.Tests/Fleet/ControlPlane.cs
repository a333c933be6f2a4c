using Google.Protobuf;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.Truth;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>One process of the control plane: the real state machine, and around it what its shell does with streams, the disk and clients.</summary>
internal sealed partial class ControlPlane
{
    private readonly Simulation _run;
    private readonly ControlSlot _slot;
    private readonly SimulatedWriter _writer;
    private readonly FleetMachine _machine;
    private readonly List<SimulatedStream> _streams = [];
    private readonly List<(KnownPurge Purge, int Told, bool ToldComplete)> _watched = [];
    private readonly Chance _chance;
    private readonly long _startedAt;
    private readonly ulong[] _through = new ulong[Place.Nodes];

    // What receipts say, as it is on disk.
    private readonly ulong[] _shown;
    private int _leaving;
    private int _left;
    private bool _ticks;

    /// <param name="memory">What the start has read.</param>
    public ControlPlane(Simulation run, ControlSlot slot, SimulatedWriter writer, ControlBackup memory, Chance chance, FleetPast past)
    {
        (_run, _slot, _writer, _startedAt, _chance) = (run, slot, writer, run.Time.Now, chance);
        (_leaving, _left, _shown) = (memory.Leaving, memory.Left, memory.AppliedThrough);
        var options = new FleetOptions { Lease = Settings.Lease, Grace = run.Settings.Grace };
        var nodes = new List<FleetNode>(Place.Nodes);
        for (var node = 0; node < Place.Nodes; node++)
        {
            if ((_left & (1 << node)) == 0)
                nodes.Add(
                    new FleetNode(Topology.NodeIds[node], Topology.IsShield(node) ? NodeRole.Shield : NodeRole.Pop)
                    {
                        Leaving = (_leaving & (1 << node)) != 0,
                    }
                );
        }
        _machine = new FleetMachine(
            options,
            new FleetStart(memory.Head, memory.CompleteThrough, new LeaseTerms(options.Lease, options.Grace), past.Restored, past.Promoted),
            run.Mutation == Mutation.MarginRemoved ? new LeaseCount(0) : LeaseCount.TwoPercentLonger,
            nodes,
            run.Mutation == Mutation.RestartForgetsGrants ? [] : memory.Instances
        );
        // The fleet hears of the head some time after the clients may have heard of their purges.
        writer.HeadMoved = () => Later(TakeHead);
        IsUp = true;
    }

    public bool IsUp { get; private set; }

    public SimulatedLog Log => _writer.Log;

    public string Epoch => _writer.Epoch;

    private TimeSpan Now => new((long)((_run.Time.Now - _startedAt) * _run.Settings.ControlRate));

    /// <summary>SIGKILL: what was not flushed, and all that was only in memory, is gone.</summary>
    public void Crash()
    {
        IsUp = false;
        foreach (var stream in _streams)
            stream.Process.Lost(stream);
    }

    /// <summary>Appends a record; it is durable, and the caller hears, after the flush, or that this is not known.</summary>
    public void Append(RecordPayload payload, Action<ulong> durable, Action failed) =>
        _slot.Do(() => _writer.Append(payload, durable, failed));

    public void Hello(SimulatedStream stream, InstanceFacts facts, string epoch, ulong position, ByteString hash)
    {
        var nodeId = Topology.NodeIds[stream.Process.Node];
        // Known before it may be granted anything, after a restart too; who is gone leaves nothing behind.
        var known = _machine.Find(nodeId) is not null;
        _writer.Write(
            disk =>
            {
                if (known)
                    disk.Remember(nodeId, facts);
            },
            () => Open(stream, facts, epoch, position, hash),
            () => stream.Process.Lost(stream)
        );
    }

    public void Heartbeat(SimulatedStream stream, Heartbeat heartbeat)
    {
        if (_run.Mutation == Mutation.GrantWithoutTheRoundTrip)
            Answer(stream, heartbeat);
        else
            _writer.Confirm(() => Answer(stream, heartbeat), () => End(stream));
    }

    public void Acknowledge(SimulatedStream stream, ulong position, ReadOnlyMemory<byte> hash)
    {
        if (stream.Link is not { } link)
            return;
        var isOurs = position <= Log.Head && Log.HashAt(position).Span.SequenceEqual(hash.Span);
        if (!isOurs || !_machine.Acknowledge(link, position))
        {
            End(stream);
        }
        Settle();
        Persist();
    }

    public void LeaveDone(SimulatedStream stream)
    {
        if (stream.Link is { } link)
            _machine.LeaveDone(link);
        Settle();
    }

    public void Goodbye(SimulatedStream stream)
    {
        if (stream.Link is not { } link || !_machine.Goodbye(link))
            return;
        _streams.Remove(stream);
        var instance = link.Holding.Facts.InstanceId;
        _writer.Write(disk => disk.Instances.RemoveAll(known => known.Facts.InstanceId == instance), () => { }, () => { });
        Settle();
        Persist();
    }

    public void Delete(int node) => _slot.Do(() => Remove(node));

    private void Remove(int node) =>
        _writer.Write(
            disk => disk.Leaving |= 1 << node,
            () =>
            {
                _leaving |= 1 << node;
                if (_machine.Find(Topology.NodeIds[node]) is { } known)
                    known.Leaving = true;
                foreach (var stream in _streams)
                {
                    if (stream.Process.Node == node)
                        stream.Down(new Leave());
                }
                Settle();
            },
            () => { }
        );

    /// <summary>The stream is over, as the control plane sees it.</summary>
    public void Lose(SimulatedStream stream)
    {
        if (!IsUp || !_streams.Remove(stream))
            return;
        stream.Cut();
        _machine.LinkLost(stream.Link!);
        Settle();
    }

    private void Open(SimulatedStream stream, InstanceFacts facts, string epoch, ulong position, ByteString hash)
    {
        if (stream.IsCut)
            return;
        if (_machine.Find(Topology.NodeIds[stream.Process.Node]) is not { } node)
        {
            stream.Down(new Leave());
            return;
        }
        ulong? presented = epoch == Epoch && position <= Log.Head && Log.HashAt(position).Span.SequenceEqual(hash.Span) ? position : null;
        if (_machine.Hello(node, facts, presented, Now) is not { } link)
        {
            stream.Process.Lost(stream);
            return;
        }
        stream.Link = link;
        _streams.Add(stream);
        stream.Down(new Welcome { Epoch = Epoch });
        Settle();
        Persist();
    }

    private void Answer(SimulatedStream stream, Heartbeat heartbeat)
    {
        if (stream.Link is not { } link)
            return;
        var renewal = _machine.Heartbeat(link, Now);
        if (renewal.Reason == RenewalReason.Granted)
            stream.Down(
                new Grant
                {
                    Heartbeat = heartbeat.Sequence,
                    LeaseMilliseconds = (long)renewal.Terms.Lease.TotalMilliseconds,
                    GraceMilliseconds = (long)renewal.Terms.Grace.TotalMilliseconds,
                    Head = _run.Mutation == Mutation.UnfenceWithoutTheHead ? 0 : renewal.Head,
                }
            );
        Settle();
    }

    /// <summary>Ended from here: the node looks for another control plane, or for this one again.</summary>
    private void End(SimulatedStream stream)
    {
        Lose(stream);
        stream.Process.Lost(stream);
    }

    private void TakeHead()
    {
        _machine.HeadMoved(Log.Head);
        Settle();
    }

    private void Again(Action happens) => _slot.After(Time.Second / 10, happens);

    private void Later(Action happens) => _slot.After(_chance.Short(Time.Millisecond * 8) + 1, happens);

    /// <summary>After every event: what is complete, who is gone, who may be sent what, and when to look again.</summary>
    private void Settle()
    {
        Decide();
        if (_leaving != _left)
        {
            foreach (var gone in _machine.TakeGone(Now))
                Forget(gone.Id);
        }
        foreach (var stream in _streams)
        {
            if (stream.Link!.Sent is not { } sent)
                SendSnapshot(stream);
            else if (sent < _machine.Dispatch.Head)
                SendRecords(stream, sent);
        }
        if (!_ticks && _machine.NextChange(Now) is { } next)
        {
            _ticks = true;
            _slot.After((long)((next - Now).Ticks / _run.Settings.ControlRate) + 1, Tick);
        }
    }

    private void Forget(string nodeId)
    {
        var bit = 1 << Topology.NodeOf(nodeId);
        _left |= bit;
        _writer.Write(
            disk =>
            {
                disk.Left |= bit;
                disk.Instances.RemoveAll(known => known.NodeId == nodeId);
            },
            () => { },
            () => { }
        );
    }

    private void Tick()
    {
        _ticks = false;
        Settle();
        Persist();
    }

    private void Decide()
    {
        if (_run.Mutation == Mutation.CompleteWithANodeUnaccounted)
        {
            // Who is not connected is forgotten.
            var through = _streams.Count == 0 ? 0 : _streams.Min(stream => stream.Link!.Holding.Applied);
            if (through > _machine.Completion.AnnouncedThrough)
                Announce(through);
        }
        if (_machine.Completion.Decide(_machine.Dispatch.Head, Now) is { IsEmpty: false } ranges)
        {
            var through = ranges[^1].Through;
            if (IsStale)
                Announce(through);
            else
                WriteComplete(through);
        }
    }

    /// <summary>Tries until it is durable: what was decided stays decided, but nobody hears it before.</summary>
    private void WriteComplete(ulong through) =>
        _writer.Write(disk => disk.Complete(through), () => Announce(through), () => Again(() => WriteComplete(through)));

    private void Announce(ulong through)
    {
        _machine.Completion.Announce(through);
        Report();
    }
}
