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
    private readonly ControlDisk _disk;
    private readonly FleetMachine _machine;
    private readonly List<SimulatedStream> _streams = [];
    private readonly List<(RecordPayload Payload, Action<ulong>? Done)> _unflushed = [];
    private readonly List<(KnownPurge Purge, int Told, bool ToldComplete)> _watched = [];
    private readonly Chance _chance;
    private readonly long _startedAt;
    private readonly ulong[] _through = new ulong[Place.Nodes];
    private bool _ticks;

    public ControlPlane(Simulation run, ControlDisk disk)
    {
        (_run, _disk, _startedAt) = (run, disk, run.Time.Now);
        _chance = new Chance(Chance.Mix(run.Settings.Seed, (ulong)run.Time.Now + 7));
        var options = new FleetOptions { Lease = Settings.Lease, Grace = run.Settings.Grace };
        var nodes = new List<FleetNode>(Place.Nodes);
        for (var node = 0; node < Place.Nodes; node++)
        {
            if ((disk.Left & (1 << node)) == 0)
                nodes.Add(
                    new FleetNode(Topology.NodeIds[node], Topology.IsShield(node) ? NodeRole.Shield : NodeRole.Pop)
                    {
                        Leaving = (disk.Leaving & (1 << node)) != 0,
                    }
                );
        }
        _machine = new FleetMachine(
            options,
            new FleetStart(disk.Log.Head, disk.CompleteThrough, new LeaseTerms(options.Lease, options.Grace), disk.IsRestored),
            run.Mutation == Mutation.MarginRemoved ? new LeaseCount(0) : LeaseCount.TwoPercentLonger,
            nodes,
            run.Mutation == Mutation.RestartForgetsGrants ? [] : disk.Instances
        );
        IsUp = true;
    }

    public bool IsUp { get; private set; }

    public SimulatedLog Log => _disk.Log;

    private TimeSpan Now => new((long)((_run.Time.Now - _startedAt) * _run.Settings.ControlRate));

    /// <summary>SIGKILL: what was not flushed, and all that was only in memory, is gone.</summary>
    public void Crash()
    {
        IsUp = false;
        foreach (var stream in _streams)
            stream.Process.Lost(stream);
    }

    /// <summary>Appends records in one group; they are durable, and the caller hears, after the flush.</summary>
    public void Append(RecordPayload payload, Action<ulong>? done)
    {
        _unflushed.Add((payload, done));
        if (_unflushed.Count == 1)
            AfterFlush(Flush);
    }

    public void Hello(SimulatedStream stream, InstanceFacts facts, string epoch, ulong position, ByteString hash)
    {
        // Known before it may be granted anything, after a restart too.
        AfterFlush(() =>
        {
            if (stream.IsCut)
                return;
            if (_machine.Find(Topology.NodeIds[stream.Process.Node]) is not { } node)
            {
                stream.Down(new Leave());
                return;
            }
            Remember(node.Id, facts);
            ulong? presented =
                epoch == Log.Epoch && position <= Log.Head && Log.HashAt(position).Span.SequenceEqual(hash.Span) ? position : null;
            if (_machine.Hello(node, facts, presented, Now) is not { } link)
            {
                stream.Process.Lost(stream);
                return;
            }
            stream.Link = link;
            _streams.Add(stream);
            stream.Down(new Welcome { Epoch = Log.Epoch });
            Settle();
            Persist();
        });
    }

    public void Heartbeat(SimulatedStream stream, Heartbeat heartbeat)
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

    public void Acknowledge(SimulatedStream stream, ulong position, ReadOnlyMemory<byte> hash)
    {
        if (stream.Link is not { } link)
            return;
        var isOurs = position <= Log.Head && Log.HashAt(position).Span.SequenceEqual(hash.Span);
        if (!isOurs || !_machine.Acknowledge(link, position))
        {
            Lose(stream);
            stream.Process.Lost(stream);
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
        AfterFlush(() => _disk.Instances.RemoveAll(known => known.Facts.InstanceId == link.Holding.Facts.InstanceId));
        Settle();
        Persist();
    }

    public void Delete(int node)
    {
        _disk.Leaving |= 1 << node;
        if (_machine.Find(Topology.NodeIds[node]) is { } known)
            known.Leaving = true;
        foreach (var stream in _streams)
        {
            if (stream.Process.Node == node)
                stream.Down(new Leave());
        }
        Settle();
    }

    /// <summary>The stream is over, as the control plane sees it.</summary>
    public void Lose(SimulatedStream stream)
    {
        if (!IsUp || !_streams.Remove(stream))
            return;
        stream.Cut();
        _machine.LinkLost(stream.Link!);
        Settle();
    }

    private void AfterFlush(Action durable) =>
        _run.Time.After(
            _chance.Short(Time.Millisecond * 8) + 1,
            () =>
            {
                if (IsUp)
                    durable();
            }
        );

    private void Flush()
    {
        var (first, dones) = (Log.Head + 1, _unflushed.Select(append => append.Done).ToList());
        foreach (var (payload, _) in _unflushed)
            Log.Append(payload);
        _unflushed.Clear();
        // The fleet hears of the head some time after the clients may have heard of their purges.
        AfterFlush(() =>
        {
            _machine.HeadMoved(Log.Head);
            Settle();
        });
        for (var i = 0; i < dones.Count; i++)
            dones[i]?.Invoke(first + (ulong)i);
    }

    private void Remember(string nodeId, InstanceFacts facts)
    {
        _disk.Instances.RemoveAll(known =>
            known.NodeId == nodeId && (facts.ProvesDead(known.Facts) || known.Facts.InstanceId == facts.InstanceId)
        );
        for (var i = 0; i < _disk.Instances.Count; i++)
        {
            if (_disk.Instances[i].NodeId == nodeId)
                _disk.Instances[i] = _disk.Instances[i] with { Latest = false };
        }
        _disk.Instances.Add(new KnownInstance(nodeId, facts, Latest: true));
    }

    /// <summary>After every event: what is complete, who is gone, who may be sent what, and when to look again.</summary>
    private void Settle()
    {
        Decide();
        if (_disk.Leaving != _disk.Left)
        {
            foreach (var gone in _machine.TakeGone(Now))
            {
                _disk.Left |= 1 << Topology.NodeOf(gone.Id);
                _disk.Instances.RemoveAll(known => known.NodeId == gone.Id);
            }
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
            _run.Time.After((long)((next - Now).Ticks / _run.Settings.ControlRate) + 1, Tick);
        }
    }

    private void Tick()
    {
        _ticks = false;
        if (!IsUp)
            return;
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
            AfterFlush(() => Announce(through));
        }
    }

    private void Announce(ulong through)
    {
        _disk.CompleteThrough = Math.Max(_disk.CompleteThrough, through);
        _machine.Completion.Announce(through);
        Report();
    }
}
