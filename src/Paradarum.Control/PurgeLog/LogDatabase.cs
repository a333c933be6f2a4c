using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Paradarum.Protocol.Log;
using SQLitePCL;

namespace Paradarum.Control.PurgeLog;

/// <summary>The one row <c>log_end</c>.</summary>
/// <param name="Bytes">Of the records above the tail, as <see cref="LogDatabase.SizeOf"/> counts them.</param>
/// <param name="Commits">Rises with every group, appends or not: tells after a failed commit whether it took place all the same.</param>
internal sealed record LogEnd(LogHead Head, LogHead Tail, long Bytes, long Commits);

/// <summary>A kept record as retention sees it.</summary>
internal readonly record struct OldRecord(LogHead Place, DateTimeOffset AppendedAt, long Bytes);

/// <summary>
/// The writer's connection and everything it says to SQLite. Opened with the write-ahead log and <c>synchronous=FULL</c>, both read back: a build or file
/// system that silently gives less is refused, because every 200 rests on it. Used on the writer's thread only.
/// </summary>
internal sealed class LogDatabase : IDisposable
{
    private const int RowOverhead = 64;
    private const int BusyMilliseconds = 30_000;
    private const int DbStatusCacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE: pages written to the write-ahead log

    private readonly Statements _statements;
    private readonly int _pageSize;

    private LogDatabase(SqliteConnection connection)
    {
        Connection = connection;
        _statements = new Statements(connection);
        _pageSize = int.Parse(Pragma(connection, "page_size"), CultureInfo.InvariantCulture);
        Epoch = Meta("epoch");
        PurgeTokenKey = Convert.FromHexString(Meta("purge_token_key"));
        End = ReadEnd();
    }

    public SqliteConnection Connection { get; }
    public Statements Statements => _statements;
    public string Epoch { get; }
    public byte[] PurgeTokenKey { get; }

    /// <summary>As of the last commit, or as read when the database was opened.</summary>
    public LogEnd End { get; set; }

    public static LogDatabase Open(string file, LogOptions options, IEnumerable<SchemaPart> parts)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Pooling = false,
                ForeignKeys = true,
            }.ConnectionString
        );
        try
        {
            connection.Open();
            Require(connection, "journal_mode", "wal");
            Require(connection, "synchronous", "2", set: "FULL");
            // Checkpoints are the writer's, between groups (docs/decisions/group-commit.md): the automatic ones run inside somebody's commit.
            Require(connection, "wal_autocheckpoint", "0");
            // Another process that opens the file after a crash locks it for a moment; a backup that reads it never does.
            Pragma(connection, $"busy_timeout={BusyMilliseconds.ToString(CultureInfo.InvariantCulture)}");
            Pragma(connection, $"journal_size_limit={options.CheckpointBytes.ToString(CultureInfo.InvariantCulture)}");
            LogSchema.BringUp(connection, [LogSchema.Part, .. parts]);
            var database = new LogDatabase(connection);
            // After a commit that failed, what is in the write-ahead log may be in the page cache only: copied into the database and synced anew, it is safe to build on.
            database.Checkpoint(truncate: true);
            return database;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new LogCannotStartException($"The database {file} cannot be opened: {e.Message}", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Sets a pragma, reads it back and refuses to go on when the answer is another one.</summary>
    internal static void Require(SqliteConnection connection, string pragma, string wanted, string? set = null)
    {
        Pragma(connection, $"{pragma}={set ?? wanted}");
        var found = Pragma(connection, pragma);
        if (!string.Equals(found, wanted, StringComparison.OrdinalIgnoreCase))
            throw new LogCannotStartException(
                $"SQLite keeps {pragma} at {found} where {wanted} is needed: purges would not survive a power cut."
            );
    }

    public static long SizeOf(long payloadLength) => payloadLength + RowOverhead;

    public SqliteTransaction Begin()
    {
        var transaction = Connection.BeginTransaction();
        _statements.Transaction = transaction;
        return transaction;
    }

    public void Savepoint() => _statements.Execute("SAVEPOINT work");

    public void Release() => _statements.Execute("RELEASE work");

    public void RollBackWork()
    {
        _statements.Execute("ROLLBACK TO work");
        _statements.Execute("RELEASE work");
    }

    public void Insert(LogRecord record, byte[] hash, byte[] payload, DateTimeOffset now) =>
        _statements.Execute(
            "INSERT INTO log_records (position, hash, appended_at, payload) VALUES ($1, $2, $3, $4)",
            (long)record.Position,
            hash,
            now.ToUnixTimeMilliseconds(),
            payload
        );

    public void Write(LogEnd end) =>
        _statements.Execute(
            "UPDATE log_end SET position = $1, hash = $2, tail = $3, tail_hash = $4, bytes = $5, commits = $6 WHERE one = 1",
            (long)end.Head.Position,
            end.Head.Hash.ToArray(),
            (long)end.Tail.Position,
            end.Tail.Hash.ToArray(),
            end.Bytes,
            end.Commits
        );

    public void Write(long propertyId, PropertyPositions positions) =>
        _statements.Execute(
            """
            INSERT INTO log_positions (property_id, last_purge, last_configuration) VALUES ($1, $2, $3)
            ON CONFLICT (property_id) DO UPDATE SET last_purge = excluded.last_purge, last_configuration = excluded.last_configuration
            """,
            propertyId,
            (long)positions.LastPurge,
            (long)positions.LastConfiguration
        );

    public List<OldRecord> Oldest(int most) =>
        _statements.Query(
            "SELECT position, hash, appended_at, length(payload) FROM log_records ORDER BY position LIMIT $1",
            row => new OldRecord(
                new LogHead((ulong)row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                SizeOf(row.GetInt64(3))
            ),
            most
        );

    public void DropThrough(ulong position) => _statements.Execute("DELETE FROM log_records WHERE position <= $1", (long)position);

    public Dictionary<long, PropertyPositions> Positions() =>
        _statements
            .Query(
                "SELECT property_id, last_purge, last_configuration FROM log_positions",
                row => (Id: row.GetInt64(0), At: new PropertyPositions((ulong)row.GetInt64(1), (ulong)row.GetInt64(2)))
            )
            .ToDictionary(row => row.Id, row => row.At);

    /// <summary>Newest records, oldest first, at most so many bytes (at least one when there is one), with the chain between them and up to the head checked.</summary>
    public List<LogRecord> Newest(long mostBytes)
    {
        var records = new List<LogRecord>();
        using var command = Connection.CreateCommand();
        command.CommandText = "SELECT position, hash, payload FROM log_records ORDER BY position DESC";
        using (var reader = command.ExecuteReader())
        {
            for (var bytes = 0L; bytes < mostBytes && reader.Read(); bytes += SizeOf(records[^1].Payload.Length))
                records.Add(LogReader.Record(reader));
        }
        records.Reverse();
        CheckChain(records);
        return records;
    }

    private void CheckChain(List<LogRecord> newest)
    {
        var last = newest.Count > 0 ? new LogHead(newest[^1].Position, newest[^1].Hash) : End.Tail;
        var sound = last.Position == End.Head.Position && last.Hash.Span.SequenceEqual(End.Head.Hash.Span);
        // The record below the oldest one read is known when it is the tail, else its hash is taken as given.
        for (var i = 0; sound && i < newest.Count; i++)
        {
            if (i == 0 && newest[0].Position != End.Tail.Position + 1)
                continue;
            var (position, hash) = i == 0 ? (End.Tail.Position, End.Tail.Hash) : (newest[i - 1].Position, newest[i - 1].Hash);
            var expected = Chain.Next(hash.Span, newest[i].Position, newest[i].Payload.Span);
            sound = newest[i].Position == position + 1 && CryptographicOperations.FixedTimeEquals(expected, newest[i].Hash.Span);
        }
        if (!sound)
            throw new LogCannotStartException(
                $"The log in {Connection.DataSource} is damaged: its records do not add up to its end at position {End.Head.Position}. Restore a backup."
            );
    }

    /// <summary>Bytes that commits have written to the write-ahead log since the last checkpoint that copied all of it.</summary>
    public long BytesToCheckpoint
    {
        get
        {
            raw.sqlite3_db_status(Connection.Handle, DbStatusCacheWrite, out var pages, out _, 0);
            return (long)pages * _pageSize;
        }
    }

    /// <summary>Copies the write-ahead log into the database as far as readers allow; waits for nobody.</summary>
    /// <returns>True when all of it was copied: the next group starts it from its beginning.</returns>
    public bool Checkpoint(bool truncate)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = truncate ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)";
        using var reader = command.ExecuteReader();
        reader.Read();
        var (busy, pages, copied) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        if (busy != 0 || copied != pages)
            return false;
        raw.sqlite3_db_status(Connection.Handle, DbStatusCacheWrite, out _, out _, 1);
        return true;
    }

    private LogEnd ReadEnd() =>
        _statements
            .Query(
                "SELECT position, hash, tail, tail_hash, bytes, commits FROM log_end WHERE one = 1",
                row => new LogEnd(
                    new LogHead((ulong)row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                    new LogHead((ulong)row.GetInt64(2), row.GetFieldValue<byte[]>(3)),
                    row.GetInt64(4),
                    row.GetInt64(5)
                )
            )
            .Single();

    private string Meta(string name) =>
        _statements.Query("SELECT value FROM log_meta WHERE name = $1", row => row.GetString(0), name).Single();

    private static string Pragma(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {text}";
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }

    public void Dispose()
    {
        _statements.Dispose();
        Connection.Dispose();
    }
}
