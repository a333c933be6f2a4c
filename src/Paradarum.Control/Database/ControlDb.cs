using System.Data.Common;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Database;

/// <summary>
/// Everything durable but the log, in the log's own file. Entities live in their concept's folder with their mapping; this knows none of them. Names are snake_case,
/// ids and times 64-bit integers (times: Unix milliseconds), so that the same model fits PostgreSQL.
/// </summary>
internal class ControlDb(DbContextOptions options) : DbContext(options)
{
    /// <summary>A context inside the writer's transaction: the only way to write (design section 2). Cheap to make, never kept.</summary>
    public static ControlDb In(LogWrite write, Action<DbContextOptionsBuilder>? configure = null)
    {
        var context = On(write.Connection, configure);
        // The writer has set a savepoint of its own around the work.
        context.Database.AutoSavepointsEnabled = false;
        context.Database.UseTransaction(write.Transaction);
        return context;
    }

    /// <summary>A context over a reader's connection.</summary>
    public static ControlDb On(DbConnection connection, Action<DbContextOptionsBuilder>? configure = null)
    {
        if (connection is SqliteConnection)
        {
            var sqlite = new DbContextOptionsBuilder<ControlDb>().UseSqlite(connection);
            configure?.Invoke(sqlite);
            return new ControlDb(sqlite.Options);
        }
        var postgres = new DbContextOptionsBuilder<PostgresControlDb>().UseNpgsql(connection);
        configure?.Invoke(postgres);
        return new PostgresControlDb(postgres.Options);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(ControlDb).Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
                property.SetColumnName(SnakeCase(property.Name));
        }
    }

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    private sealed class UnixMilliseconds()
        : ValueConverter<DateTimeOffset, long>(
            time => time.ToUnixTimeMilliseconds(),
            stored => DateTimeOffset.FromUnixTimeMilliseconds(stored)
        );
}
