using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>What survives a crash of the control plane: its file, or what a server of the database holds.</summary>
internal sealed class ControlDisk
{
    public SimulatedLog Log { get; private init; } = new();

    public ulong CompleteThrough { get; set; }

    public List<KnownInstance> Instances { get; } = [];

    /// <summary>What receipts say of each node.</summary>
    public ulong[] AppliedThrough { get; private init; } = new ulong[Place.Nodes];

    /// <summary>Deleted by the operator: bits of nodes.</summary>
    public int Leaving { get; set; }

    /// <summary>They have left: bits of nodes.</summary>
    public int Left { get; set; }

    /// <summary>It came from a backup.</summary>
    public bool IsRestored { get; private init; }

    /// <summary>Rises with every group of a writer.</summary>
    public long Commits { get; set; }

    /// <summary>On which timeline it was opened last, and whether commits waited for a standby then.</summary>
    public string? Timeline { get; set; }

    public bool WaitedForStandby { get; set; }

    public LogEpochs Epochs { get; private set; } = new(SimulatedLog.FirstEpoch, SimulatedLog.FirstEpoch, new Dictionary<string, ulong>());

    /// <summary>Which log the fleet last saw.</summary>
    public FleetPast Past { get; set; } = new(null, null, Restored: false, Promoted: false);

    /// <summary>Who opened it last to work on it.</summary>
    public string Writer { get; set; } = "";

    public LogMark Mark => new(Epochs.Epoch, Writer, Log.Head, Commits);

    /// <summary>A process start is known, and those that it proves dead are forgotten.</summary>
    public void Remember(string nodeId, InstanceFacts facts)
    {
        Instances.RemoveAll(known =>
            known.NodeId == nodeId && (facts.ProvesDead(known.Facts) || known.Facts.InstanceId == facts.InstanceId)
        );
        for (var i = 0; i < Instances.Count; i++)
        {
            if (Instances[i].NodeId == nodeId)
                Instances[i] = Instances[i] with { Latest = false };
        }
        Instances.Add(new KnownInstance(nodeId, facts, Latest: true));
    }

    public void Complete(ulong through)
    {
        CompleteThrough = Math.Max(CompleteThrough, through);
        Past = Past with { Restored = false, Promoted = false };
    }

    public void BeginEpoch(string epoch, EpochFate fate)
    {
        if (fate == EpochFate.GoesOn)
            return;
        Epochs =
            fate == EpochFate.FollowedByAnother
                ? new LogEpochs(epoch, Epochs.Lineage, new Dictionary<string, ulong>(Epochs.Former) { [Epochs.Epoch] = Log.Head })
                : new LogEpochs(epoch, epoch, new Dictionary<string, ulong>());
        Log.Epoch = epoch;
    }

    /// <summary>What a standby begins with.</summary>
    public ControlDisk Copy()
    {
        var copy = new ControlDisk
        {
            Log = new SimulatedLog(Log),
            CompleteThrough = CompleteThrough,
            AppliedThrough = [.. AppliedThrough],
            Leaving = Leaving,
            Left = Left,
            Commits = Commits,
            Timeline = Timeline,
            Writer = Writer,
            WaitedForStandby = WaitedForStandby,
            Epochs = Epochs,
            Past = Past,
        };
        copy.Instances.AddRange(Instances);
        return copy;
    }

    public ControlBackup Backup() => new(Log, Log.Head, CompleteThrough, [.. Instances], [.. AppliedThrough], Leaving, Left);

    /// <summary>A backup put back starts another log; whoever joined since is not known.</summary>
    public static ControlDisk Restore(ControlBackup backup)
    {
        var disk = new ControlDisk
        {
            Log = new SimulatedLog(backup.Log, backup.Head, backup.Log.Epoch + "'"),
            CompleteThrough = backup.CompleteThrough,
            AppliedThrough = [.. backup.AppliedThrough],
            Leaving = backup.Leaving,
            Left = backup.Left,
            IsRestored = true,
        };
        disk.Instances.AddRange(backup.Instances);
        return disk;
    }
}

/// <summary>The disk as it was at a moment: what a backup holds, and what a start reads.</summary>
internal sealed record ControlBackup(
    SimulatedLog Log,
    ulong Head,
    ulong CompleteThrough,
    KnownInstance[] Instances,
    ulong[] AppliedThrough,
    int Leaving,
    int Left
);
