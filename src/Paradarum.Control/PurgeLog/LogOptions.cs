using Paradarum.Control.PurgeLog.Postgres;

namespace Paradarum.Control.PurgeLog;

/// <summary>Where the log lives and how much of it is kept. Count and size always win, then age (design section 2, retention).</summary>
internal sealed record LogOptions
{
    /// <summary>Folder of the database, its write-ahead log and the lock that keeps a second process out. Created when missing. No default.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// Npgsql's connection string of a PostgreSQL database, version 15 or later (<c>Host=...;Database=...;Username=...</c>). Default null: a file of <see cref="Folder"/>, with SQLite.
    /// The folder holds what is this machine's own either way.
    /// </summary>
    public string? Database { get; init; }

    /// <summary>Records kept at most. 1 000 to 1 000 000 000, default 1 000 000. A node further behind drops its store and starts from a snapshot.</summary>
    public long MostRecords { get; init; } = 1_000_000;

    /// <summary>Bytes of records kept at most (payload plus 64 bytes each). 64 MiB to 1 TiB, default 1 GiB. Receipts go with their record.</summary>
    public long MostBytes { get; init; } = 1L << 30;

    /// <summary>Records older than this are dropped. 1 hour to 10 years, default 30 days. Checked once per <see cref="UpkeepEvery"/>.</summary>
    public TimeSpan OldestAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Newest records held in memory for nodes that follow. 1 MiB to 16 GiB, default 32 MiB; older ones are read from disk.</summary>
    public long TailBytes { get; init; } = 32L << 20;

    /// <summary>The write-ahead log is copied into the database once it holds so much. 256 KiB to 1 GiB, default 2 MiB: larger means rarer, longer copies.</summary>
    public long CheckpointBytes { get; init; } = 2L << 20;

    /// <summary>How often age and an idle write-ahead log are looked at. 1 s to 1 hour, default 1 minute.</summary>
    public TimeSpan UpkeepEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// While at least four writes share a group, the next group begins no sooner than this after it began, so that more share its flush. Who writes alone never waits.
    /// 0 to 100 ms, default 2 ms.
    /// </summary>
    public TimeSpan GatherFor { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Every violated range, each naming its key; empty when all is well.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(Folder))
            problems.Add($"{nameof(Folder)} must name a folder.");
        if (Database is not null && PostgresEngine.Problem(Database) is { } problem)
            problems.Add(
                $"{nameof(Database)} is no connection string: {problem}. Write \"Host=...;Database=...;Username=...;Password=...\"."
            );
        Check(problems, nameof(MostRecords), MostRecords, 1_000, 1_000_000_000, "records");
        Check(problems, nameof(MostBytes), MostBytes, 64L << 20, 1L << 40, "bytes");
        Check(problems, nameof(OldestAge), OldestAge, TimeSpan.FromHours(1), TimeSpan.FromDays(3653), "days.hours:minutes:seconds");
        Check(problems, nameof(TailBytes), TailBytes, 1L << 20, 16L << 30, "bytes");
        Check(problems, nameof(CheckpointBytes), CheckpointBytes, 256L << 10, 1L << 30, "bytes");
        Check(problems, nameof(UpkeepEvery), UpkeepEvery, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "days.hours:minutes:seconds");
        Check(problems, nameof(GatherFor), GatherFor, TimeSpan.Zero, TimeSpan.FromMilliseconds(100), "days.hours:minutes:seconds");
        return problems;
    }

    private static void Check<T>(List<string> problems, string key, T value, T least, T most, string unit)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            problems.Add($"{key} is {value}; it must be from {least} to {most} ({unit}).");
    }
}
