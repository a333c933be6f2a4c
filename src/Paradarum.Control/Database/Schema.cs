using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Database;

/// <summary>Brings the database to this version's schema.</summary>
internal static class Schema
{
    /// <summary>
    /// Applies the migrations that the database lacks, all of them in one of the writer's transactions: a crash leaves the former schema. As a script, because EF's own way
    /// asks PostgreSQL things that end a transaction. No migration may rebuild a table (a test looks): on SQLite that needs <c>PRAGMA foreign_keys = 0</c>, which does nothing
    /// inside a transaction, and rows that point to the table would go with it.
    /// </summary>
    /// <exception cref="LogCannotStartException">A later version has been here.</exception>
    public static Task MigrateAsync(LogWriter writer, CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                var applied = Applied(write, db);
                var known = db.Database.GetMigrations().ToList();
                if (applied.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
                    throw new LogCannotStartException(
                        $"The database was written by a newer version of Paradarum (it has the migration {unknown}). Start that version, or restore a backup from before the upgrade."
                    );
                // Nearly every start: nothing of the machinery is loaded for it.
                if (applied.Count == known.Count)
                    return true;
                var script = db.GetService<IMigrator>()
                    .GenerateScript(
                        applied.LastOrDefault() ?? Migration.InitialDatabase,
                        options: MigrationsSqlGenerationOptions.NoTransactions
                    );
                // One may rewrite a large table.
                db.Database.SetCommandTimeout(TimeSpan.FromHours(1));
                if (script.Length > 0)
                    db.Database.ExecuteSqlRaw(script);
                return true;
            },
            stop
        );

    private static List<string> Applied(LogWrite write, ControlDb db) =>
        write.Query(write.Sql.CountTables, row => row.GetInt64(0), HistoryRepository.DefaultTableName)[0] > 0
            ? [.. db.Database.GetAppliedMigrations()]
            : [];
}
