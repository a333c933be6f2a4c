using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Paradarum.Control.PurgeLog.Sqlite;

/// <summary>
/// Opened with the write-ahead log and <c>synchronous=FULL</c>, both read back. Bounds the write-ahead log: between groups, so it is in no one's commit; small, so that
/// those who wait meanwhile wait for a few flushes at most.
/// </summary>
internal sealed class SqliteLogDatabase : LogDatabase
{
    private const int BusyMilliseconds = 30_000;
    private const int DbStatusCacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE: pages written to the write-ahead log

    private readonly SqliteConnection _connection;
    private readonly LogOptions _options;
    private readonly ILogger _log;
    private readonly int _pageSize;
    private long _checkpointAt;

    private SqliteLogDatabase(SqliteConnection connection, LogOptions options, ILogger log)
        : base(connection, new SqliteStatements(connection))
    {
        (_connection, _options, _log, _checkpointAt) = (connection, options, log, options.CheckpointBytes);
        _pageSize = int.Parse(Pragma(connection, "page_size"), CultureInfo.InvariantCulture);
    }

    public override string Name => Connection.DataSource;

    public static SqliteLogDatabase Open(string file, LogOptions options, IReadOnlyList<SchemaPart> parts, ILogger log)
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
            var database = new SqliteLogDatabase(connection, options, log);
            database.Load(parts);
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

    protected override bool IsFailure(DbException e) =>
        e
            is not SqliteException
            {
                SqliteErrorCode: raw.SQLITE_ERROR or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_MISUSE or raw.SQLITE_RANGE
            };

    public override void Maintain(bool idle)
    {
        var bytes = BytesToCheckpoint;
        if (bytes == 0 || (bytes < _checkpointAt && !idle))
            return;
        if (Checkpoint(truncate: idle))
        {
            _checkpointAt = _options.CheckpointBytes;
            return;
        }
        // A reader is in the way: the next try comes after as much again, not after every group.
        _checkpointAt = bytes + _options.CheckpointBytes;
        if (bytes > 16 * _options.CheckpointBytes)
            _log.CheckpointHeldBack(bytes);
    }

    public override void Finish() => Checkpoint(truncate: true);

    /// <summary>Bytes that commits have written to the write-ahead log since the last checkpoint that copied all of it.</summary>
    private long BytesToCheckpoint
    {
        get
        {
            raw.sqlite3_db_status(_connection.Handle, DbStatusCacheWrite, out var pages, out _, 0);
            return (long)pages * _pageSize;
        }
    }

    /// <summary>Copies the write-ahead log into the database as far as readers allow; waits for nobody.</summary>
    /// <returns>True when all of it was copied: the next group starts it from its beginning.</returns>
    private bool Checkpoint(bool truncate)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = truncate ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)";
        using var reader = command.ExecuteReader();
        reader.Read();
        var (busy, pages, copied) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        if (busy != 0 || copied != pages)
            return false;
        raw.sqlite3_db_status(_connection.Handle, DbStatusCacheWrite, out _, out _, 1);
        return true;
    }

    private static string Pragma(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {text}";
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
