using Npgsql;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Control.Replicas;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Replicas;

/// <summary>Control planes on one database are replaced by a newer version one after the other (docs/operating/backup.md).</summary>
[Trait("Engine", "PostgreSQL")]
public sealed class A_rolling_upgrade(OwnPostgres postgres) : IClassFixture<OwnPostgres>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Leaves_the_schema_alone_while_the_former_version_works_and_brings_it_up_when_that_ends()
    {
        using var folder = new TemporaryFolder();
        var database = postgres.NewDatabase();
        long property;
        await using (var first = await StartAsync(folder["first"], database))
            property = (await first.AddPropertyAsync("shop")).Id;

        // What the version before this one left: its last table is not there yet. It works, in that it holds the lock.
        A_log_on_PostgreSQL.Execute(database, "DROP TABLE log_epochs");
        A_log_on_PostgreSQL.Execute(database, "UPDATE schema_parts SET version = version - 1 WHERE name = 'log'");
        var before = Version(database);
        await using var former = new NpgsqlConnection(database + ";Pooling=false");
        await former.OpenAsync(Stop);
        await LockAsync(former, "pg_advisory_lock");

        var options = Options(folder["second"], database);
        var waiting = StandBy.UntilFreeAsync(options, new ControlPlaneSurroundings(), rehearsed: null, Stop);
        await Eventually.Async(() =>
            Task.FromResult(
                A_log_on_PostgreSQL.Scalar(
                    database,
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'Paradarum stand-by'"
                )
                    is 1L
            )
        );
        // Even one that is started in earnest changes nothing: it has not got the lock.
        await Should.ThrowAsync<Control.PurgeLog.LogTakenException>(StartAsync(folder["third"], database));
        Version(database).ShouldBe(before);
        waiting.IsCompleted.ShouldBeFalse();

        await LockAsync(former, "pg_advisory_unlock");
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Stop);
        await using var next = await StartAsync(folder["second"], database);
        Version(database).ShouldBe(before + 1);
        next.Catalogue.Current.Properties.Keys.ShouldContain(property);
    }

    private static Task<ControlHost> StartAsync(string folder, string database) =>
        ControlHost.StartAsync(folder, options => options with { Log = options.Log with { Database = database } });

    private static ControlPlaneOptions Options(string folder, string database) =>
        new()
        {
            Log = new Control.PurgeLog.LogOptions { Folder = folder, Database = database },
            ApiPort = 0,
        };

    private static int Version(string database) =>
        Convert.ToInt32(
            A_log_on_PostgreSQL.Scalar(database, "SELECT version FROM schema_parts WHERE name = 'log'"),
            System.Globalization.CultureInfo.InvariantCulture
        );

    private static async Task LockAsync(NpgsqlConnection connection, string function)
    {
        await using var command = new NpgsqlCommand($"SELECT {function}({PostgresLogDatabase.LockKey})", connection);
        await command.ExecuteNonQueryAsync(Stop);
    }
}
