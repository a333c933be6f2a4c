using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.Database;

public sealed class The_schema
{
    [Fact]
    public async Task Is_made_in_an_empty_folder_and_kept_with_its_rows_by_the_next_start()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-schema-").FullName;
        long id;
        await using (var host = await ControlHost.StartAsync(folder))
            id = (await host.AddPropertyAsync("shop")).Id;
        var before = Tables(folder);
        await using (var host = await ControlHost.StartAsync(folder))
            host.Catalogue.Current.Properties.Keys.ShouldBe([id]);
        Tables(folder).ShouldBe(before);
        before.ShouldContain("properties");
        before.ShouldContain("log_records");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Is_what_the_entities_say_on_either_database()
    {
        using var sqlite = Design();
        sqlite
            .Database.HasPendingModelChanges()
            .ShouldBeFalse("an entity changed: dotnet ef migrations add NAME --project src/Paradarum.Control --context ControlDb");
        using var postgres = new DesignTimePostgresControlDb().CreateDbContext([]);
        postgres
            .Database.HasPendingModelChanges()
            .ShouldBeFalse(
                "an entity changed: dotnet ef migrations add NAME --project src/Paradarum.Control --context PostgresControlDb --output-dir Database/Postgres/Migrations"
            );
    }

    [Fact]
    public async Task Of_a_later_version_is_refused()
    {
        using var folder = new TemporaryFolder();
        await using (var host = await ControlHost.StartAsync(folder["control"]))
            await host.Writer.WriteAsync(
                write =>
                {
                    write.Execute(
                        "INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ($1, $2)",
                        "29990101000000_Later",
                        "99"
                    );
                    return true;
                },
                default
            );
        (await Should.ThrowAsync<LogCannotStartException>(() => ControlHost.StartAsync(folder["control"]))).Message.ShouldContain(
            "29990101000000_Later"
        );
        TestDatabases.Forget(folder["control"]);
    }

    [Fact]
    public void Never_needs_a_table_rebuilt_inside_the_writers_transaction()
    {
        using var db = Design();
        var migrator = db.GetService<IMigrator>();
        migrator.GenerateScript(options: MigrationsSqlGenerationOptions.NoTransactions).ShouldNotContain("PRAGMA");
    }

    [Fact]
    public async Task Is_the_former_one_when_the_start_dies_before_the_flush()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-died-").FullName;
        var surroundings = new ControlPlaneSurroundings { Flush = _ => throw new IOException("power cut") };
        await Should.ThrowAsync<LogUnavailableException>(() => ControlHost.StartAsync(folder, surroundings: surroundings));
        Tables(folder).ShouldNotContain("properties");
        await using (var host = await ControlHost.StartAsync(folder))
            await host.AddPropertyAsync("shop");
        Tables(folder).ShouldContain("properties");
        Directory.Delete(folder, recursive: true);
    }

    private static ControlDb Design() => new DesignTimeControlDb().CreateDbContext([]);

    private static List<string> Tables(string folder)
    {
        using DbConnection connection = TestDatabases.For(folder) is { } database
            ? new NpgsqlConnection(database + ";Pooling=false")
            : new SqliteConnection($"Data Source={Path.Combine(folder, "paradarum.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var sql = TestDatabases.ArePostgres
            ? "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            : "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        return connection.Rows(sql, row => row.GetString(0));
    }
}

public sealed class A_data_folder
{
    [Fact]
    public async Task Is_one_control_planes_alone()
    {
        await using var host = await ControlHost.StartAsync();
        var refused = await Should.ThrowAsync<LogCannotStartException>(() => ControlHost.StartAsync(host.Folder));
        refused.Message.ShouldContain("is taken");
        (await host.Client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Is_free_again_when_the_start_failed_on_a_taken_port()
    {
        await using var host = await ControlHost.StartAsync();
        var folder = Directory.CreateTempSubdirectory("paradarum-port-").FullName;
        await Should.ThrowAsync<IOException>(() =>
            ControlHost.StartAsync(folder, options => options with { FleetPort = host.Plane.Fleet.Port })
        );
        await using (await ControlHost.StartAsync(folder)) { }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Is_not_touched_when_the_options_are_out_of_range()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"paradarum-{Guid.NewGuid():N}");
        var refused = await Should.ThrowAsync<ArgumentException>(() =>
            ControlHost.StartAsync(folder, options => options with { ApiPort = 70_000, SystemDomain = "Not A Domain" })
        );
        refused.Message.ShouldContain("ApiPort is 70000");
        refused.Message.ShouldContain("SystemDomain is 'Not A Domain'");
        Directory.Exists(folder).ShouldBeFalse();
    }
}
