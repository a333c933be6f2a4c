using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>The log's own tables (docs/formats/log.md), and how every part's tables come to be.</summary>
internal static class LogSchema
{
    /// <remarks>
    /// <c>log_end</c> is one row: the counter that gives out positions. It is updated in the append's transaction, so that with several writers (PostgreSQL)
    /// its row lock orders them and position n + 1 is never visible before n, which an identity column would not promise.
    /// </remarks>
    /// <summary>In <c>log_meta</c>, with why: the next writer that opens the database begins a new epoch.</summary>
    public const string EpochOver = "epoch_over";

    // A step may rewrite a large table.
    private const int StepWithinSeconds = 3600;

    public static readonly SchemaPart Part = new(
        "log",
        [
            "CREATE TABLE log_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            """
            CREATE TABLE log_end (
              one INTEGER PRIMARY KEY CHECK (one = 1),
              position BIGINT NOT NULL, hash BLOB NOT NULL,
              tail BIGINT NOT NULL, tail_hash BLOB NOT NULL,
              bytes BIGINT NOT NULL, commits BIGINT NOT NULL)
            """,
            "CREATE TABLE log_records (position INTEGER PRIMARY KEY, hash BLOB NOT NULL, appended_at BIGINT NOT NULL, payload BLOB NOT NULL)",
            "CREATE TABLE log_positions (property_id INTEGER PRIMARY KEY, last_purge BIGINT NOT NULL, last_configuration BIGINT NOT NULL)",
            // Epochs that ended without losing anything, and the last position of each: what was said of these positions is still so.
            "CREATE TABLE log_epochs (epoch TEXT PRIMARY KEY, through BIGINT NOT NULL)",
        ]
    );

    /// <summary>Brings every part to this program's version, in one transaction, or refuses and leaves the file as it was.</summary>
    public static void BringUp(DbConnection connection, IEnumerable<SchemaPart> parts)
    {
        using var transaction = connection.BeginTransaction();
        connection.Run("CREATE TABLE IF NOT EXISTS schema_parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL)");
        foreach (var part in parts)
            BringUp(connection, part);
        if (connection.Scalar("SELECT count(*) FROM log_end") is 0L)
            CreateEmptyLog(connection);
        transaction.Commit();
    }

    private static void BringUp(DbConnection connection, SchemaPart part)
    {
        var version = Convert.ToInt32(
            connection.Scalar("SELECT version FROM schema_parts WHERE name = $1", part.Name) ?? 0,
            CultureInfo.InvariantCulture
        );
        if (version > part.Steps.Length)
            throw new LogCannotStartException(
                $"The database was written by a newer version of Paradarum ({part.Name} tables at version {version}, this program knows {part.Steps.Length}). "
                    + "Start that version, or restore a backup from before the upgrade."
            );
        var dialect = SqlDialect.Of(connection);
        for (var step = version; step < part.Steps.Length; step++)
        {
            using var command = connection.Command(dialect.Types(part.Steps[step]));
            command.CommandTimeout = StepWithinSeconds;
            command.ExecuteNonQuery();
        }
        connection.Run(
            "INSERT INTO schema_parts (name, version) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            part.Name,
            part.Steps.Length
        );
    }

    private static void CreateEmptyLog(DbConnection connection)
    {
        var epoch = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var key = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var origin = Chain.Origin(epoch);
        connection.Run("INSERT INTO log_meta (name, value) VALUES ('epoch', $1), ('purge_token_key', $2)", epoch, key);
        connection.Run("INSERT INTO log_end (one, position, hash, tail, tail_hash, bytes, commits) VALUES (1, 0, $1, 0, $1, 0, 0)", origin);
    }
}
