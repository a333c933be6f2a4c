namespace Paradarum.Control.PurgeLog;

/// <summary>What becomes of the epoch when the database is opened.</summary>
internal enum EpochFate
{
    GoesOn,

    /// <summary>Another server took over and lost nothing: a new epoch in the same lineage.</summary>
    FollowedByAnother,

    /// <summary>What came after some position is lost: a new epoch that knows nothing of former ones.</summary>
    Ended,
}

/// <summary>The log's ids. Decides without I/O what they mean; engines read and write them.</summary>
/// <param name="Epoch">Random id of this log.</param>
/// <param name="Lineage">Stays the same over epochs that follow one another without a loss; else the epoch's own.</param>
/// <param name="Former">Former epochs of this lineage with the last position of each.</param>
internal sealed record LogEpochs(string Epoch, string Lineage, IReadOnlyDictionary<string, ulong> Former)
{
    /// <summary>
    /// Another timeline means another server: a standby that was promoted, or a backup that was restored. Both begin a new epoch, so that no node goes on from a position that
    /// only the former one had. Where every commit had waited for a standby nothing is lost: the lineage goes on, and so do purge ids.
    /// </summary>
    /// <param name="known">The timeline that the database was last opened on; null: never.</param>
    /// <param name="now">The server's.</param>
    /// <param name="waitedForStandby">Commits did, as the database says it of the last one it has.</param>
    public static EpochFate FateOn(string? known, string now, bool waitedForStandby) =>
        known is null || string.Equals(known, now, StringComparison.Ordinal) ? EpochFate.GoesOn
        : waitedForStandby ? EpochFate.FollowedByAnother
        : EpochFate.Ended;

    /// <summary>Whether what was said of a position in an epoch is said of this log's record at that position.</summary>
    public bool IsOfThisLog(string epoch, ulong position) =>
        string.Equals(epoch, Epoch, StringComparison.Ordinal) || (Former.TryGetValue(epoch, out var through) && position <= through);
}
