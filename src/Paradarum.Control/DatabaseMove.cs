using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Control.PurgeLog.Sqlite;
using Paradarum.Protocol;

namespace Paradarum.Control;

/// <summary>What was moved.</summary>
internal sealed record MoveFacts(string Epoch, ulong Head, long Rows, string KeptAs);

/// <summary>
/// Moves an installation that is stopped from SQLite into an empty PostgreSQL database. The epoch stays: every record is there under its position and hash, so nodes go on from where they
/// are and purge ids hold. The file gets another name before the copy is committed: at no moment can both be started.
/// </summary>
internal static class DatabaseMove
{
    private const string MovedSuffix = ".moved";
    private const int TellEvery = 100_000;

    private static readonly TimeSpan CopyWithin = TimeSpan.FromHours(6);

    /// <param name="progress">Told of each table, and within large ones.</param>
    public static async Task<Result<MoveFacts>> RunAsync(
        string folder,
        string database,
        TimeProvider time,
        ILogger log,
        Action<string> progress,
        CancellationToken stop
    )
    {
        var file = Path.Combine(folder, DataFolder.DatabaseName);
        if (!File.Exists(file) && !File.Exists(file + MovedSuffix))
            return Refusal.NotFound(
                $"There is no database in {folder}. Name the data folder of the control plane (of 'up': its subfolder control)."
            );
        await BringUpAsync(new LogOptions { Folder = folder, Database = database }, time, log, stop);
        using var engine = new PostgresEngine(new LogOptions { Folder = folder, Database = database });
        using var target = engine.Open(DurableTables.Parts);
        var connection = (NpgsqlConnection)target.Connection;
        if (target.End.Head.Position != 0 || connection.Scalar("SELECT count(*) FROM accounts") is not 0L)
            return new Refusal(
                RefusalKind.Conflict,
                $"The {target.Name} holds an installation already. Name an empty one: nothing is replaced."
            );

        // A former move that ended between the new name and the commit: nothing of it is in the target, so it begins anew.
        if (!File.Exists(file))
            File.Move(file + MovedSuffix, file);
        await BringUpAsync(new LogOptions { Folder = folder }, time, log, stop);
        using var held = DataFolder.Take(folder);
        using var source = SqliteEngine.OpenReader(file);
        return Copy(source, connection, file, progress);
    }

    /// <summary>Checks the chain, and brings the tables to this version.</summary>
    private static async Task BringUpAsync(LogOptions options, TimeProvider time, ILogger log, CancellationToken stop)
    {
        await using var writer = LogWriter.Open(options, time, log, DurableTables.Parts);
        await Schema.MigrateAsync(writer, stop);
    }

    private static MoveFacts Copy(DbConnection source, NpgsqlConnection connection, string file, Action<string> progress)
    {
        using var transaction = connection.BeginTransaction();
        var ofTheServer = connection.Rows(
            "SELECT name, value FROM log_meta WHERE name IN ('timeline', 'synchronous')",
            row => (Name: row.GetString(0), Value: row.GetString(1))
        );
        var tables = Tables(connection);
        // What an empty database has of its own: epoch, keys, the counter.
        foreach (var table in Enumerable.Reverse(tables))
            connection.Run($"DELETE FROM {table}");
        var rows = tables.Sum(table => CopyTable(source, connection, table, progress));
        foreach (var (name, value) in ofTheServer)
            connection.Run("INSERT INTO log_meta (name, value) VALUES ($1, $2)", name, value);
        foreach (var (table, column) in Identities(connection))
            connection.Run(
                $"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), greatest((SELECT max({column}) FROM {table}), 1), EXISTS (SELECT 1 FROM {table}))"
            );
        var head = (ulong)(long)connection.Scalar("SELECT position FROM log_end")!;
        var epoch = (string)connection.Scalar("SELECT value FROM log_meta WHERE name = 'epoch'")!;
        File.Move(file, file + MovedSuffix);
        transaction.Commit();
        return new MoveFacts(epoch, head, rows, file + MovedSuffix);
    }

    /// <summary>All tables but those that say which steps and migrations were applied, referenced before referencing.</summary>
    private static List<string> Tables(NpgsqlConnection connection)
    {
        var left = connection
            .Rows(
                "SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) ORDER BY tablename",
                row => row.GetString(0)
            )
            .Where(table => table != "schema_parts" && !table.StartsWith("__", StringComparison.Ordinal))
            .ToList();
        var references = connection
            .Rows(
                "SELECT a.relname, b.relname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f'",
                row => (From: row.GetString(0), To: row.GetString(1))
            )
            .ToLookup(pair => pair.From, pair => pair.To, StringComparer.Ordinal);
        var ordered = new List<string>();
        while (left.Count > 0)
        {
            var next = left.First(table => references[table].All(to => to == table || !left.Contains(to)));
            ordered.Add(next);
            left.Remove(next);
        }
        return ordered;
    }

    private static List<(string Table, string Column)> Identities(NpgsqlConnection connection) =>
        connection.Rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema = ANY (current_schemas(false))",
            row => (row.GetString(0), row.GetString(1))
        );

    private static long CopyTable(DbConnection source, NpgsqlConnection connection, string table, Action<string> progress)
    {
        var columns = connection.Rows(
            "SELECT column_name, CASE data_type WHEN 'ARRAY' THEN udt_name ELSE data_type END FROM information_schema.columns WHERE table_name = $1 AND table_schema = ANY (current_schemas(false)) ORDER BY ordinal_position",
            row => (Name: row.GetString(0), Type: row.GetString(1)),
            table
        );
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        using var command = source.Command($"SELECT {names} FROM {table}");
        using var row = command.ExecuteReader();
        using var copy = connection.BeginBinaryImport($"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)");
        copy.Timeout = CopyWithin;
        var count = 0L;
        while (row.Read())
        {
            copy.StartRow();
            for (var i = 0; i < columns.Count; i++)
                Write(copy, row, i, columns[i].Type);
            if (++count % TellEvery == 0)
                progress(string.Create(CultureInfo.InvariantCulture, $"{table}: {count} rows"));
        }
        copy.Complete();
        progress(string.Create(CultureInfo.InvariantCulture, $"{table}: {count} rows"));
        return count;
    }

    private static void Write(NpgsqlBinaryImporter copy, DbDataReader row, int column, string type)
    {
        if (row.IsDBNull(column))
            copy.WriteNull();
        else if (type == "bigint")
            copy.Write(row.GetInt64(column), NpgsqlDbType.Bigint);
        else if (type == "integer")
            copy.Write(row.GetInt32(column), NpgsqlDbType.Integer);
        else if (type == "boolean")
            copy.Write(row.GetInt64(column) != 0, NpgsqlDbType.Boolean);
        else if (type == "bytea")
            copy.Write(row.GetFieldValue<byte[]>(column), NpgsqlDbType.Bytea);
        else if (type is "text" or "character varying")
            copy.Write(PostgresStatements.Holdable(row.GetString(column)), NpgsqlDbType.Text);
        // EF Core keeps lists as JSON where there are no arrays.
        else if (type is "_text" or "_varchar")
            copy.Write(JsonSerializer.Deserialize<string[]>(row.GetString(column))!, NpgsqlDbType.Array | NpgsqlDbType.Text);
        else if (type == "_int8")
            copy.Write(JsonSerializer.Deserialize<long[]>(row.GetString(column))!, NpgsqlDbType.Array | NpgsqlDbType.Bigint);
        else
            throw new NotSupportedException($"No column of this program has the type {type}.");
    }
}
