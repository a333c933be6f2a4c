using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>How one process of the control plane makes durable what it has decided, and what it shows of the log.</summary>
internal abstract class SimulatedWriter
{
    /// <summary>What the process shows of the log: nothing that is not durable.</summary>
    public abstract SimulatedLog Log { get; }

    public abstract string Epoch { get; }

    /// <summary>Told when the head has moved, before those hear who moved it.</summary>
    public Action HeadMoved { get; set; } = () => { };

    /// <summary>Whether what was said of a position in an epoch is said of this log's record at that position.</summary>
    public abstract bool IsOfThisLog(string epoch, ulong position);

    /// <summary>Appends a record; the caller hears its position after the flush.</summary>
    public abstract void Append(RecordPayload payload, Action<ulong> durable, Action failed);

    /// <param name="work">What is written: done to each copy of the disk, it gives the same.</param>
    /// <param name="durable">After the flush.</param>
    /// <param name="failed">It is not known to be durable.</param>
    public abstract void Write(Action<ControlDisk> work, Action durable, Action failed);

    /// <summary>Goes on when what is known now is still this process's to say.</summary>
    public abstract void Confirm(Action confirmed, Action failed);
}

/// <summary>One file, one process: who has it cannot be superseded.</summary>
internal sealed class FileWriter(ControlSlot slot, ControlDisk disk, Chance chance) : SimulatedWriter
{
    private readonly List<(RecordPayload Payload, Action<ulong> Durable)> _unflushed = [];

    public override SimulatedLog Log => disk.Log;

    public override string Epoch => disk.Log.Epoch;

    public override bool IsOfThisLog(string epoch, ulong position) => epoch == disk.Log.Epoch;

    /// <summary>Whatever waits for the same flush is one group.</summary>
    public override void Append(RecordPayload payload, Action<ulong> durable, Action failed)
    {
        _unflushed.Add((payload, durable));
        if (_unflushed.Count == 1)
            AfterFlush(Flush);
    }

    public override void Write(Action<ControlDisk> work, Action durable, Action failed) =>
        AfterFlush(() =>
        {
            work(disk);
            durable();
        });

    public override void Confirm(Action confirmed, Action failed) => confirmed();

    private void Flush()
    {
        var (first, group) = (Log.Head + 1, _unflushed.ToArray());
        foreach (var (payload, _) in group)
            Log.Append(payload);
        _unflushed.Clear();
        HeadMoved();
        for (var i = 0; i < group.Length; i++)
            group[i].Durable(first + (ulong)i);
    }

    private void AfterFlush(Action flushed) => slot.After(chance.Short(Time.Millisecond * 8) + 1, flushed);
}
