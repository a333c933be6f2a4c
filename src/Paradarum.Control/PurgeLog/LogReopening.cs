namespace Paradarum.Control.PurgeLog;

/// <summary>Where a log ends, and who has worked on it.</summary>
/// <param name="Writer">The writer that opened it last, <see cref="LogDatabase.Writer"/>.</param>
internal readonly record struct LogMark(string Epoch, string Writer, ulong Position, long Commits)
{
    public static LogMark Of(LogDatabase database) =>
        new(database.Epochs.Epoch, database.Writer, database.End.Head.Position, database.End.Commits);

    public LogMark At(LogEnd end) => this with { Position = end.Head.Position, Commits = end.Commits };
}

/// <summary>What a writer concludes from the end of the log when it has opened its database again. Decided without I/O.</summary>
/// <param name="TookPlace">The commit whose answer was lost is on disk: memory must follow, although its waiters were told that it failed.</param>
/// <param name="Behind">Why memory is not what the database is, in a sentence: the writer is over. Null: it goes on.</param>
internal readonly record struct LogReopening(bool TookPlace, string? Behind)
{
    /// <summary>The database has lost what was durable in it: its machine was set back. The epoch is over.</summary>
    public bool HasLostItsEnd { get; private init; }

    /// <param name="known">As this writer left it.</param>
    /// <param name="inDoubt">As a commit would have left it whose answer was lost; null: there is none.</param>
    /// <param name="found">As it is.</param>
    public static LogReopening Judge(LogMark known, LogMark? inDoubt, LogMark found)
    {
        if (!string.Equals(found.Epoch, known.Epoch, StringComparison.Ordinal))
            return new LogReopening(false, "The database has begun a new epoch: a standby was promoted, or a backup restored.");
        // Whoever writes raises it, and nobody lowers it.
        if (found.Commits < known.Commits)
            return new LogReopening(
                false,
                $"The database was set back: {known.Commits} groups were durable in it, and it has {found.Commits}."
            )
            {
                HasLostItsEnd = true,
            };
        // Before anything else is concluded from a number: the other's groups are counted by the same one, and it may have granted leases that this memory knows nothing of.
        if (!string.Equals(found.Writer, known.Writer, StringComparison.Ordinal))
            return new LogReopening(false, "Another control plane has worked on the database meanwhile.");
        if (inDoubt is { } lost && found.Commits == lost.Commits)
            return new LogReopening(true, null);
        if (found.Position != known.Position)
            return new LogReopening(false, $"The log ends at {found.Position} on disk and at {known.Position} in memory.");
        // A change that appends nothing (a node's start, a key) leaves the position as it was.
        return found.Commits == known.Commits ? default : new LogReopening(false, "Somebody else has written to the database meanwhile.");
    }
}
