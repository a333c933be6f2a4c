using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Paradarum.Control.PurgeLog.Postgres;

/// <summary>
/// The writer's session with PostgreSQL. It holds an advisory lock for as long as it lives, so one control plane at a time writes: a server that has not yet noticed that a
/// session is gone keeps the next one out, which is also what makes it safe to look what became of a commit whose answer was lost.
/// </summary>
internal sealed class PostgresLogDatabase : LogDatabase
{
    /// <summary>Oldest version of the server.</summary>
    private const int OldestServer = 15;

    /// <summary>Names the lock in <c>pg_locks</c>: "PARA".</summary>
    internal const int LockKey = 0x50415241;

    /// <summary>Told when another control plane has something new to look at: who works, or that nobody does.</summary>
    internal const string Channel = "paradarum_log";

    /// <summary>True on a primary whose lock nobody holds; then, whether commits wait for a standby. An advisory lock of one number has it in two halves.</summary>
    internal static readonly string IsFree = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        SELECT NOT pg_is_in_recovery() AND NOT EXISTS (
          SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = {LockKey} AND objsubid = 1
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
          current_setting('synchronous_standby_names') <> ''
        """
    );

    private readonly NpgsqlConnection _connection;

    // Whether commits wait for a standby: as the database says it of the last one, and as the server has just said it.
    private bool _hasStandby;
    private bool _hasStandbyNow;

    private PostgresLogDatabase(NpgsqlConnection connection)
        : base(connection, new PostgresStatements(connection)) => _connection = connection;

    public override string Name => $"database {_connection.Database} on {_connection.Host}";

    /// <summary>The next session need not wait until the server has noticed that this one is gone.</summary>
    public override void Finish() =>
        _connection.Run($"SELECT pg_advisory_unlock({LockKey.ToString(CultureInfo.InvariantCulture)}), pg_notify('{Channel}', '')");

    /// <summary>
    /// What the server did not answer, and what it refused for reasons of its own (classes of SQLSTATE, appendix A of its manual): connection, state of the transaction, rollback,
    /// resources, limits, locks, operator, system, internal.
    /// </summary>
    protected override bool IsFailure(DbException e) =>
        e is not PostgresException said || said.SqlState[..2] is "08" or "25" or "40" or "53" or "54" or "55" or "57" or "58" or "XX";

    public static PostgresLogDatabase Open(string settings, IReadOnlyList<SchemaPart> parts)
    {
        var connection = new NpgsqlConnection(settings);
        try
        {
            connection.Reach();
            Require(connection);
            TakeLock(connection);
            var database = new PostgresLogDatabase(connection);
            database.Load(parts);
            return database;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            connection.Dispose();
            var message =
                $"PostgreSQL at {new NpgsqlConnectionStringBuilder(settings).Host} cannot be used: {Cause(e).Message.TrimEnd('.')}.";
            throw e is PostgresException { IsTransient: false }
                ? new LogCannotStartException(message, e)
                : new LogOutOfReachException(message, e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What every 200 rests on, asked of the server itself.</summary>
    private static void Require(NpgsqlConnection connection)
    {
        if (connection.PostgreSqlVersion.Major < OldestServer)
            throw new LogCannotStartException(
                $"PostgreSQL {connection.PostgreSqlVersion} is too old: version {OldestServer} or later is needed."
            );
        if (connection.Scalar("SELECT pg_is_in_recovery()") is true)
        {
            // Of several one is, or is about to become, the primary.
            if (new NpgsqlConnectionStringBuilder(connection.ConnectionString).Host!.Contains(',', StringComparison.Ordinal))
                throw new LogOutOfReachException($"PostgreSQL at {connection.Host} is a standby: none of the servers is the primary now.");
            throw new LogCannotStartException(
                $"PostgreSQL at {connection.Host} is a standby. Name the primary, or all of them: Host=one,two."
            );
        }
        foreach (var setting in new[] { "fsync", "full_page_writes" })
        {
            if (connection.Scalar($"SHOW {setting}") is not "on")
                throw new LogCannotStartException(
                    $"PostgreSQL runs with {setting} = off: purges would not survive a power cut. Switch it on and reload."
                );
        }
        // 'off', 'local' and 'remote_write' answer before a commit is where it has to be; 'remote_apply' waits for more than is needed, and stays.
        if (connection.Scalar("SHOW synchronous_commit") is not ("on" or "remote_apply"))
            connection.Run("SET synchronous_commit = on");
    }

    /// <summary>What the server's timeline means for the epoch (<see cref="LogEpochs.FateOn"/>); notes it.</summary>
    protected override EpochFate SettleFate()
    {
        var timeline = Statements.Query("SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)", row => row.GetString(0))[0];
        _hasStandby = Statements.Query("SHOW synchronous_standby_names", row => row.GetString(0))[0].Length > 0;
        var fate = LogEpochs.FateOn(Meta("timeline"), timeline, waitedForStandby: Meta("synchronous") == "1");
        SetMeta("timeline", timeline);
        SetMeta("synchronous", _hasStandby ? "1" : "0");
        return fate;
    }

    protected override string SaidAtTheEnd => "current_setting('synchronous_standby_names') <> ''";

    /// <summary>The setting may change while the session lives: what it was at the last commit decides what a promotion lost.</summary>
    protected override bool ReadAtTheEnd(DbDataReader row)
    {
        _hasStandbyNow = row.GetBoolean(0);
        return true;
    }

    public override void Write(LogEnd end)
    {
        base.Write(end);
        if (_hasStandbyNow == _hasStandby)
            return;
        _hasStandby = _hasStandbyNow;
        SetMeta("synchronous", _hasStandby ? "1" : "0");
        Statements.Flush();
    }

    /// <summary>What the operator can do something about: of several hosts the last one's, and not that there is an inner exception.</summary>
    private static Exception Cause(Exception e) =>
        e switch
        {
            AggregateException { InnerExceptions: [.., var last] } => Cause(last),
            { InnerException: { } inner } => Cause(inner),
            _ => e,
        };

    private static void TakeLock(NpgsqlConnection connection)
    {
        try
        {
            // A former session of this very process may be on its way out; one that lives holds it for good.
            connection.Run("SET lock_timeout = '2s'");
            connection.Run($"SELECT pg_advisory_lock({LockKey.ToString(CultureInfo.InvariantCulture)})");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new LogTakenException(
                $"The database {connection.Database} on {connection.Host} is taken: another control plane is using it.",
                e
            );
        }
        // A machine that is gone without a word gives its lock back within seconds, not hours.
        connection.Run("SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3");
        // A process that hangs keeps its connection alive: the writer says something every second (LogWriter), and who does not is given up.
        foreach (var setting in new[] { "idle_session_timeout", "idle_in_transaction_session_timeout" })
        {
            if (connection.Scalar($"SHOW {setting}") is "0")
                connection.Run($"SET {setting} = '30s'");
        }
        // Transactions are short and the writer's alone: one that waits for a lock waits for something that is not ours.
        connection.Run("SET lock_timeout = '10s'");
    }
}
