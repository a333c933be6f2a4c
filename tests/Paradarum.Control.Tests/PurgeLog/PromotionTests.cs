using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

/// <summary>A primary with a standby that every commit waits for, and what the log makes of a promotion.</summary>
[Trait("Engine", "PostgreSQL")]
public sealed class A_promotion
{
    [Fact]
    public async Task Of_the_standby_that_commits_waited_for_loses_nothing_and_begins_a_new_epoch_in_which_former_purge_ids_hold()
    {
        using var folder = new TemporaryFolder();
        using var primary = PostgresServer.Start("synchronous_standby_names = 'two'");
        using var standby = PostgresServer.StartStandby(primary, "two");
        string epoch;
        string lineage;
        var last = 0ul;
        await using (var log = A_log_on_PostgreSQL.Open(folder["log"], Both(primary, standby), FleetSchema.Part))
        {
            (epoch, lineage) = (log.Feed.Epoch, log.Feed.Lineage);
            for (var i = 0; i < 5; i++)
                last = await A_log_on_PostgreSQL.AppendAsync(log);

            primary.Kill();
            await Should.ThrowAsync<LogUnavailableException>(A_log_on_PostgreSQL.AppendAsync(log));
            standby.Promote();
            // No standby waits for it: the new primary's own configuration says so. The writer that has been there all along must not go on in the old epoch.
            standby.Execute("ALTER SYSTEM SET synchronous_standby_names = ''");
            standby.Execute("SELECT pg_reload_conf()");
            await Eventually.Async(async () =>
            {
                await Should.ThrowAsync<LogUnavailableException>(A_log_on_PostgreSQL.AppendAsync(log));
                return log.Over.IsCompleted;
            });
            (await log.Over).ShouldContain("new epoch");
            // It has not ended yet, and is in nobody's way.
            await using (A_log_on_PostgreSQL.Open(folder["next"], Both(primary, standby), FleetSchema.Part)) { }
        }

        await using var after = A_log_on_PostgreSQL.Open(folder["log"], Both(primary, standby), FleetSchema.Part);
        after.Feed.Epoch.ShouldNotBe(epoch);
        after.Feed.Lineage.ShouldBe(lineage);
        after.Feed.Head.Position.ShouldBe(last);
        TestLog.ReadAll(after.Feed).Count.ShouldBe((int)last);
        after.Feed.IsOfThisLog(epoch, last).ShouldBeTrue();
        after.Feed.IsOfThisLog(epoch, last + 1).ShouldBeFalse();
        (await A_log_on_PostgreSQL.AppendAsync(after)).ShouldBe(last + 1);
    }

    [Fact]
    public async Task Of_a_standby_that_nobody_waited_for_is_like_a_restore()
    {
        using var folder = new TemporaryFolder();
        using var primary = PostgresServer.Start();
        using var standby = PostgresServer.StartStandby(primary, "two");
        string epoch;
        await using (var log = A_log_on_PostgreSQL.Open(folder["log"], Both(primary, standby)))
        {
            epoch = log.Feed.Epoch;
            await A_log_on_PostgreSQL.AppendAsync(log);
        }
        await Eventually.Async(() =>
            Task.FromResult(primary.Scalar("SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()") is 1L)
        );
        primary.Kill();
        standby.Promote();

        await using var after = A_log_on_PostgreSQL.Open(folder["log"], Both(primary, standby));
        after.Feed.Epoch.ShouldNotBe(epoch);
        after.Feed.Lineage.ShouldBe(after.Feed.Epoch);
        after.Feed.IsOfThisLog(epoch, 1).ShouldBeFalse();
    }

    [Fact]
    public async Task Is_not_what_a_restored_database_is_taken_for_when_the_operator_said_so()
    {
        using var folder = new TemporaryFolder();
        using var server = PostgresServer.Start("synchronous_standby_names = ''");
        string epoch;
        await using (var log = A_log_on_PostgreSQL.Open(folder["log"], server.ConnectionString()))
        {
            epoch = log.Feed.Epoch;
            await A_log_on_PostgreSQL.AppendAsync(log);
        }
        // As a recovery to a point in time leaves it: another timeline, and commits had waited for a standby.
        server.Execute("UPDATE log_meta SET value = '1' WHERE name = 'synchronous'");
        server.Execute("UPDATE log_meta SET value = '00000009' WHERE name = 'timeline'");
        // docs/operating/postgresql.md
        server.Execute("INSERT INTO log_meta (name, value) VALUES ('epoch_over', 'It was restored.') ON CONFLICT (name) DO NOTHING");

        await using (var after = A_log_on_PostgreSQL.Open(folder["log"], server.ConnectionString()))
        {
            after.Feed.Epoch.ShouldNotBe(epoch);
            after.Feed.Lineage.ShouldBe(after.Feed.Epoch);
            epoch = after.Feed.Epoch;
        }
        // Said once: the next start goes on.
        await using var later = A_log_on_PostgreSQL.Open(folder["log"], server.ConnectionString());
        later.Feed.Epoch.ShouldBe(epoch);
    }

    private static string Both(PostgresServer primary, PostgresServer standby) =>
        $"Host=127.0.0.1:{primary.Port},127.0.0.1:{standby.Port};Username=paradarum;Database=postgres";
}
