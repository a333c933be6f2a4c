using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Fleet;

/// <summary>
/// Which log the fleet last saw, and what a start must assume because this is another one. Remembered until something was complete: a start in the middle of that wait begins it
/// anew. Decided without I/O.
/// </summary>
/// <param name="Epoch">Null: there was no start before.</param>
/// <param name="Lineage">Of that epoch.</param>
/// <param name="Restored">The database came from a backup, and nothing was complete since.</param>
/// <param name="Promoted">A standby took over, and nothing was complete since.</param>
internal sealed record FleetPast(string? Epoch, string? Lineage, bool Restored, bool Promoted)
{
    /// <summary>
    /// What a start on this log assumes, and what is remembered of it. A database whose log got another epoch came from a backup: nodes may hold leases that it knows nothing of. In
    /// the same lineage nothing was lost.
    /// </summary>
    public FleetPast On(LogEpochs log)
    {
        var another = Epoch is not null && !string.Equals(Epoch, log.Epoch, StringComparison.Ordinal);
        var lost = another && !string.Equals(Lineage ?? Epoch, log.Lineage, StringComparison.Ordinal);
        return new FleetPast(log.Epoch, log.Lineage, lost || Restored, another || Promoted);
    }
}
