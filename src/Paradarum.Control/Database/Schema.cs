using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Database;

/// <summary>Brings the database to this version's schema.</summary>
internal static class Schema
{
    /// <summary>
    /// Applies the migrations that the file lacks, all of them in one of the writer's transactions: a crash leaves the former schema. No migration may rebuild a table
    /// (a test looks): on SQLite that needs <c>PRAGMA foreign_keys = 0</c>, which does nothing inside a transaction, and rows that point to the table would go with it.
    /// </summary>
    public static Task MigrateAsync(LogWriter writer, CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(
                    write,
                    options => options.ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.MigrationsUserTransactionWarning))
                );
                db.Database.Migrate();
                return true;
            },
            stop
        );
}
