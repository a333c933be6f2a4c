using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.Truth;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>What leaves the control plane: snapshots and records for nodes, receipts for clients.</summary>
internal sealed partial class ControlPlane
{
    /// <summary>The client follows the receipt from here on.</summary>
    public void Watch(KnownPurge purge)
    {
        if (!_writer.IsOfThisLog(purge.Epoch, purge.Position))
        {
            _run.History.NotFound(purge);
            return;
        }
        _watched.Add((purge, 0, false));
        Report();
    }

    /// <summary>Mutation: another one has taken its place; it goes on with its view of the fleet, reads the log as it grows, and says itself what is complete.</summary>
    public bool IsStale { get; private set; }

    public void GoOnWithAStaleView(ControlDisk read)
    {
        IsStale = true;
        while (Log.Head < read.Log.Head)
            Log.Append(read.Log[Log.Head + 1]);
        foreach (var purge in _run.History.Purges)
        {
            if (purge.AcceptedAt != long.MaxValue && _watched.TrueForAll(watched => watched.Purge != purge))
                Watch(purge);
        }
        TakeHead();
    }

    private bool MaySend(SimulatedStream stream, out ulong through)
    {
        var link = stream.Link!;
        if (_run.Mutation != Mutation.OrderSwapped)
            return _machine.Dispatch.MaySend(link, Now, out through) == SendHold.None && _machine.Dispatch.Admit(link, through, 1, Now);
        through = _machine.Dispatch.Head;
        if (link.Node.Role == NodeRole.Shield)
            through = _machine.Nodes.Where(node => node.Role == NodeRole.Pop).Min(node => node.EverApplied);
        if (link.Closed || through <= link.Sent)
            return false;
        link.NoteSent(through, 1, Now);
        return true;
    }

    private void SendSnapshot(SimulatedStream stream)
    {
        var position = Log.Head;
        _machine.HeadMoved(position);
        if (stream.Link!.Node.Leaving || !_machine.Dispatch.AdmitSnapshot(stream.Link, position, Now))
            return;
        var part = new SnapshotPart
        {
            Epoch = Epoch,
            Position = position,
            Hash = Log.HashAt(position),
            Last = true,
        };
        var carries = _run.Mutation != Mutation.SnapshotWithoutCarriedPositions;
        for (var property = 1; property <= 2; property++)
        {
            var standing = Log.Standings[property - 1];
            part.Properties.Add(
                new PropertySnapshot
                {
                    PropertyId = property,
                    Property = standing.Body,
                    LastPurge = carries ? standing.LastPurge : 0,
                    LastConfiguration = carries ? standing.LastConfiguration : 0,
                }
            );
        }
        Write(stream, part);
    }

    private void SendRecords(SimulatedStream stream, ulong sent)
    {
        if (!MaySend(stream, out var through))
            return;
        var records = new Records();
        for (var position = sent + 1; position <= through; position++)
        {
            var entry = Log[position];
            records.Records_.Add(
                new LogRecordMessage
                {
                    Position = position,
                    Hash = entry.Hash,
                    Payload = entry.Bytes,
                }
            );
        }
        Write(stream, records);
    }

    /// <summary>Read from the log first: a grant that is ready meanwhile goes out before it. Batches stay in order.</summary>
    private void Write(SimulatedStream stream, object message)
    {
        stream.ReadyAt = Math.Max(stream.ReadyAt, _run.Time.Now + _chance.Short(Time.Millisecond * 10));
        _slot.After(
            stream.ReadyAt - _run.Time.Now,
            () =>
            {
                if (!stream.IsCut)
                    stream.Down(message);
            }
        );
    }

    /// <summary>What of each node is behind no longer: on disk first, then in receipts.</summary>
    private void Persist()
    {
        var changed = false;
        for (var node = 0; node < Place.Nodes; node++)
        {
            _through[node] = _machine.Find(Topology.NodeIds[node]) is { } known ? known.AppliedThrough(Now) : 0;
            changed |= _through[node] > _shown[node];
        }
        if (changed)
            Write([.. _through]);
    }

    private void Write(ulong[] through) =>
        _writer.Write(
            disk => Raise(disk.AppliedThrough, through),
            () =>
            {
                Raise(_shown, through);
                Report();
            },
            () => Again(() => Write(through))
        );

    private static void Raise(ulong[] known, ulong[] through)
    {
        for (var node = 0; node < Place.Nodes; node++)
            known[node] = Math.Max(known[node], through[node]);
    }

    /// <summary>Clients follow receipts; they are told when a node's line or the whole changes.</summary>
    private void Report()
    {
        for (var i = 0; i < _watched.Count; i++)
        {
            var (purge, told, toldComplete) = _watched[i];
            if (toldComplete || purge.Position > Log.Head)
                continue;
            var complete = _machine.Completion.AnnouncedThrough >= purge.Position;
            var applied = told;
            for (var node = 0; node < Place.Nodes; node++)
            {
                if (_shown[node] >= purge.Position)
                    applied |= 1 << node;
            }
            if (applied == told && complete == toldComplete)
                continue;
            _watched[i] = (purge, applied, complete);
            _run.History.Shown(purge, Log[purge.Position].Payload);
            _run.Client.Told(purge, applied, complete);
        }
    }
}
