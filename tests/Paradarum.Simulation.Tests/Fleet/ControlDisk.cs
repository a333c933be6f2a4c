using Paradarum.Control.Fleet;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>What survives a crash of the control plane.</summary>
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

/// <summary>The disk as it was at a moment.</summary>
internal sealed record ControlBackup(
    SimulatedLog Log,
    ulong Head,
    ulong CompleteThrough,
    KnownInstance[] Instances,
    ulong[] AppliedThrough,
    int Leaving,
    int Left
);
