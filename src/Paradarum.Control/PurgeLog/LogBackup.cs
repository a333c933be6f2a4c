using System.Globalization;
using Microsoft.Data.Sqlite;
using Paradarum.Control.PurgeLog.Sqlite;
using Paradarum.Protocol;

namespace Paradarum.Control.PurgeLog;

/// <summary>What a backup holds.</summary>
internal sealed record BackupFacts(ulong Head, long Bytes);

/// <summary>
/// Copies the database of a control plane, running or not, into one file, and starts a folder from such a file. Neither replaces anything before what takes its
/// place is whole, looked through and on disk.
/// </summary>
internal static class LogBackup
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Copies what is durable now (SQLite's online backup: one snapshot, the writer goes on), checks the copy, then gives it its name.</summary>
    /// <returns>What was written, or why not, with what to do.</returns>
    public static Result<BackupFacts> Write(string folder, string file)
    {
        var source = Path.Combine(folder, DataFolder.DatabaseName);
        if (!File.Exists(source))
            return Refusal.NotFound(
                $"There is no database in {folder}. Name the data folder of the control plane (of 'up': its subfolder control)."
            );
        if (File.Exists(file) || Directory.Exists(file))
            return new Refusal(
                RefusalKind.Conflict,
                $"{file} is there already. Backups replace nothing: choose another name, or move it away."
            );
        return Whole(
            file,
            part =>
            {
                using var from = SqliteEngine.OpenReader(source);
                using var to = Open(part, SqliteOpenMode.ReadWrite);
                from.BackupDatabase(to);
                return Marked(to, part, "It is a copy.");
            }
        );
    }

    /// <summary>
    /// Makes an empty folder the data folder of a control plane that goes on from the backup. Its first start begins a new epoch: nodes drop all they stored, purge ids of
    /// the former one mean nothing, and nothing is complete before everything that may have been granted has run out.
    /// </summary>
    public static Result<BackupFacts> Restore(string file, string folder)
    {
        if (!File.Exists(file))
            return Refusal.NotFound($"There is no file {file}.");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            return new Refusal(
                RefusalKind.Conflict,
                DataFolder.IsTaken(folder)
                    ? $"A control plane is running on {folder}. Stop it, move the folder away, and restore into an empty one."
                    : $"{folder} is not empty. Move it away, or name another folder: a restore replaces nothing."
            );
        Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        return Whole(
            Path.Combine(folder, DataFolder.DatabaseName),
            part =>
            {
                using (var output = File.Open(part, FileMode.Truncate))
                using (var input = File.OpenRead(file))
                    input.CopyTo(output);
                using var to = Open(part, SqliteOpenMode.ReadWrite);
                // The copies of former versions do not say it themselves.
                return Marked(to, file, "It was restored.");
            }
        );
    }

    /// <summary>Checks it. Whoever then starts on the copy, restored with the command or put in place by hand, begins a new epoch: the original may have gone on, and nodes with it.</summary>
    private static Result<BackupFacts> Marked(SqliteConnection copy, string name, string reason)
    {
        var found = Check(copy, name);
        if (found.Ok(out _, out _))
            Run(copy, $"INSERT OR REPLACE INTO log_meta (name, value) VALUES ('{LogSchema.EpochOver}', '{reason}')");
        return found;
    }

    private static Result<BackupFacts> Check(SqliteConnection connection, string name)
    {
        // One file, nothing beside it: a copy in write-ahead mode would leave two more.
        Run(connection, "PRAGMA journal_mode = DELETE");
        try
        {
            var found = Text(connection, "PRAGMA integrity_check");
            if (found != "ok")
                return Refusal.Malformed($"{name} is damaged: {Refusal.Quoted(found)}");
            var head = long.Parse(Text(connection, "SELECT position FROM log_end"), CultureInfo.InvariantCulture);
            var bytes = new FileInfo(connection.DataSource).Length;
            return new BackupFacts((ulong)head, bytes);
        }
        catch (SqliteException e)
        {
            return Refusal.Malformed($"{name} is no database of a control plane: {e.Message}");
        }
    }

    /// <summary>Lets <paramref name="fill"/> write a file beside the final one (mode 0600); on disk and whole it gets the name, else nothing is left.</summary>
    private static Result<BackupFacts> Whole(string file, Func<string, Result<BackupFacts>> fill)
    {
        var part = file + ".part";
        try
        {
            File.Delete(part);
            File.Open(
                    part,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = OwnerOnly,
                    }
                )
                .Dispose();
            var filled = fill(part);
            if (filled.Ok(out _, out _))
            {
                using (var written = File.Open(part, FileMode.Open))
                    written.Flush(flushToDisk: true);
                File.Move(part, file);
            }
            return filled;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_NOTADB)
        {
            return Refusal.Malformed($"It is no database of a control plane: {e.Message}");
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            return new Refusal(RefusalKind.Unavailable, $"{file} could not be written, and nothing of it is left: {e.Message}");
        }
        finally
        {
            foreach (var left in new[] { part, part + "-journal" }.Where(File.Exists))
                File.Delete(left);
        }
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Mode = mode,
                Pooling = false,
            }.ConnectionString
        );
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Text(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
