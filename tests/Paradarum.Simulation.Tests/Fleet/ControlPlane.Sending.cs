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
        _watched.Add((purge, 0, false));
        Report();
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
            Epoch = Log.Epoch,
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
        _run.Time.At(
            stream.ReadyAt,
            () =>
            {
                if (IsUp && !stream.IsCut)
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
            changed |= _through[node] > _disk.AppliedThrough[node];
        }
        if (!changed)
            return;
        var through = _through.ToArray();
        AfterFlush(() =>
        {
            for (var node = 0; node < Place.Nodes; node++)
                _disk.AppliedThrough[node] = Math.Max(_disk.AppliedThrough[node], through[node]);
            Report();
        });
    }

    /// <summary>Clients follow receipts; they are told when a node's line or the whole changes.</summary>
    private void Report()
    {
        for (var i = 0; i < _watched.Count; i++)
        {
            var (purge, told, toldComplete) = _watched[i];
            if (toldComplete)
                continue;
            var complete = _machine.Completion.AnnouncedThrough >= purge.Position;
            var applied = told;
            for (var node = 0; node < Place.Nodes; node++)
            {
                if (_disk.AppliedThrough[node] >= purge.Position)
                    applied |= 1 << node;
            }
            if (applied == told && complete == toldComplete)
                continue;
            _watched[i] = (purge, applied, complete);
            _run.Client.Told(purge, applied, complete);
        }
    }
}
