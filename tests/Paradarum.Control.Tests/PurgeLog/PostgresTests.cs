using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

/// <summary>A server of its own, for what tests of the log do to a server.</summary>
public sealed class OwnPostgres : IDisposable
{
    internal PostgresServer Server { get; } = PostgresServer.Start();

    private int _last;

    /// <summary>A new database's connection string.</summary>
    internal string NewDatabase()
    {
        var name = $"own_{Interlocked.Increment(ref _last)}";
        Server.Execute($"CREATE DATABASE {name}");
        return Server.ConnectionString(name);
    }

    public void Dispose() => Server.Dispose();
}

/// <summary>What is different when the log's database is a server (docs/decisions/postgresql.md).</summary>
[Trait("Engine", "PostgreSQL")]
public sealed class A_log_on_PostgreSQL(OwnPostgres postgres) : IClassFixture<OwnPostgres>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_one_writers_alone_as_long_as_its_session_lives()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using (var first = Open(folders["first"], database))
        {
            await AppendAsync(first);
            Should.Throw<LogTakenException>(() => Open(folders["second"], database)).Message.ShouldContain("another control plane");
            (await AppendAsync(first)).ShouldBe(2ul);
        }
        await using var second = Open(folders["second"], database);
        (await AppendAsync(second)).ShouldBe(3ul);
    }

    [Fact]
    public async Task Is_seen_to_be_somebodys_although_a_notification_was_lost()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var held = Open(folders["first"], database);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        LogHolder? seen = null;
        var waiting = HolderWatch.UntilFreeAsync(
            database,
            TimeSpan.FromMilliseconds(100),
            sight => Volatile.Write(ref seen, sight.Holder),
            TimeProvider.System,
            over.Token
        );

        // Written behind everyone's back: nobody is told.
        Execute(
            database,
            "INSERT INTO log_meta (name, value) VALUES ('holder_api', 'http://10.0.0.1:5252'), ('holder_fleet', 'http://10.0.0.1:5253'), ('holder_key', 'k')"
        );
        await Eventually.Async(() => Volatile.Read(ref seen) is not null);
        seen.ShouldBe(new LogHolder(new Uri("http://10.0.0.1:5252"), new Uri("http://10.0.0.1:5253"), "k"));
        waiting.IsCompleted.ShouldBeFalse();
        await over.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public async Task Is_told_of_at_once_when_somebody_else_holds_it_or_nobody_does()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        var held = Open(folders["first"], database);
        var seen = new TaskCompletionSource<LogHolder>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A look by the clock would be too late for this test.
        var waiting = HolderWatch.UntilFreeAsync(
            database,
            TimeSpan.FromMinutes(10),
            sight =>
            {
                if (sight.Holder is not null)
                    seen.TrySetResult(sight.Holder);
            },
            TimeProvider.System,
            Stop
        );
        await Eventually.Async(() => Listeners(database) == 1);
        var holder = new LogHolder(new Uri("http://10.0.0.1:5252"), new Uri("http://10.0.0.1:5253"), "k");
        await held.WriteAsync(
            write =>
            {
                LogHolder.Announce(write, holder);
                return true;
            },
            Stop
        );
        (await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop)).ShouldBe(holder);

        await held.DisposeAsync();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Stop);
    }

    [Fact]
    public async Task Goes_on_after_its_session_was_ended_and_has_lost_nothing()
    {
        using var folder = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var log = Open(folder["log"], database);
        await AppendAsync(log);

        EndSessions(database);
        // The write that meets the end hears of it; the one after it has a new session.
        await Should.ThrowAsync<LogUnavailableException>(AppendAsync(log));

        (await AppendAsync(log)).ShouldBe(2ul);
        log.Over.IsCompleted.ShouldBeFalse();
        TestLog.ReadAll(log.Feed).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Is_over_for_a_writer_whose_place_another_has_taken()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var first = Open(folders["first"], database);
        await AppendAsync(first);
        EndSessions(database);
        await using var second = Open(folders["second"], database);

        (await AppendAsync(second)).ShouldBe(2ul);
        await Should.ThrowAsync<LogUnavailableException>(AppendAsync(first));

        (await first.Over.WaitAsync(TimeSpan.FromSeconds(20), Stop)).ShouldContain("another control plane");
        await Should.ThrowAsync<LogUnavailableException>(first.ConfirmAsync(Stop));
        // Without another attempt, which would hold up whatever waits for its answer, and the end of this process.
        (await Should.ThrowAsync<LogUnavailableException>(AppendAsync(first))).InnerException.ShouldBeOfType<LogTakenException>();
        second.Feed.Head.Position.ShouldBe(2ul);
    }

    [Fact]
    public async Task Confirms_nothing_that_a_successor_may_contradict()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var first = Open(folders["first"], database);
        await first.ConfirmAsync(Stop);
        EndSessions(database);
        await using var second = Open(folders["second"], database);

        // Nothing has told the first one yet: a lease it granted now would be one that the second does not count.
        await Should.ThrowAsync<LogUnavailableException>(first.ConfirmAsync(Stop));
        await second.ConfirmAsync(Stop);
    }

    [Fact]
    public async Task Notices_by_itself_that_another_has_taken_its_place()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var first = Open(folders["first"], database);
        EndSessions(database);
        await using var second = Open(folders["second"], database);

        // Nobody writes, and no node asks for a lease.
        (await first.Over.WaitAsync(TimeSpan.FromSeconds(30), Stop)).ShouldContain("another control plane");
    }

    [Fact]
    public async Task Lets_nothing_stay_of_a_group_when_somebody_wrote_past_its_lock()
    {
        using var folder = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var log = Open(folder["log"], database);
        await AppendAsync(log);
        Execute(database, "UPDATE log_end SET commits = commits + 1");

        (await Should.ThrowAsync<LogUnavailableException>(AppendAsync(log))).InnerException!.Message.ShouldContain("another process");
        Scalar(database, "SELECT count(*) FROM log_records").ShouldBe(1L);
        (await log.Over).ShouldContain("Somebody else has written");
        await Should.ThrowAsync<LogUnavailableException>(AppendAsync(log));
    }

    [Fact]
    public async Task Ends_its_epoch_when_a_writer_finds_less_in_it_than_was_durable()
    {
        using var folder = new TemporaryFolder();
        var database = postgres.NewDatabase();
        string epoch;
        await using (var log = Open(folder["log"], database))
        {
            epoch = log.Feed.Epoch;
            await AppendAsync(log);
            var commits = Scalar(database, "SELECT commits FROM log_end");
            await AppendAsync(log);
            // As a snapshot of the server's machine has it: the same server on the same timeline, and the second record is gone.
            Execute(database, "DELETE FROM log_records WHERE position = 2");
            Execute(
                database,
                $"UPDATE log_end SET commits = {commits}, position = 1, hash = (SELECT hash FROM log_records WHERE position = 1)"
            );
            EndSessions(database);

            await Should.ThrowAsync<LogUnavailableException>(AppendAsync(log));
            (await log.Over).ShouldContain("was set back");
        }
        await using var after = Open(folder["log"], database);
        after.Feed.Epoch.ShouldNotBe(epoch);
        after.Feed.Lineage.ShouldBe(after.Feed.Epoch);
    }

    [Fact]
    public async Task Is_over_for_a_writer_after_whose_session_another_worked_and_went_even_if_that_appended_nothing()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        // No pulse: as one that was cut off the whole time that the other had the lock.
        await using var first = LogWriter.Open(
            new LogOptions { Folder = folders["first"], Database = database },
            new FakeTimeProvider(),
            NullLogger.Instance
        );
        await AppendAsync(first);
        EndSessions(database);
        await using (var second = Open(folders["second"], database))
            // A node's start, say, before which the second one granted it a lease.
            await second.CommitNothingAsync(Stop);

        await Should.ThrowAsync<LogUnavailableException>(first.ConfirmAsync(Stop));
        // The lock was free again, and the log ends where it left it. What the other one granted it knows nothing of.
        (await first.Over).ShouldContain("Another control plane");
        await Should.ThrowAsync<LogUnavailableException>(first.ConfirmAsync(Stop));
    }

    [Fact]
    public async Task Takes_no_group_of_another_writer_for_one_of_its_own_that_was_not_answered()
    {
        using var folders = new TemporaryFolder();
        var database = postgres.NewDatabase();
        var isCutOff = false;
        await using var first = LogWriter.Open(
            new LogOptions { Folder = folders["first"], Database = database },
            new FakeTimeProvider(),
            NullLogger.Instance,
            transaction =>
            {
                if (isCutOff)
                    LetAnotherWriteOneGroup(folders["second"], database);
                transaction.Commit();
            }
        );
        (await AppendAsync(first)).ShouldBe(1ul);
        isCutOff = true;

        await Should.ThrowAsync<LogUnavailableException>(AppendAsync(first));
        // As many groups were written as if it had been the one that was not answered.
        (await first.Over).ShouldContain("Another control plane");
        first.Feed.Head.Position.ShouldBe(1ul);
        Scalar(database, "SELECT count(*) FROM log_records").ShouldBe(1L);
    }

    private static void LetAnotherWriteOneGroup(string folder, string database)
    {
        EndSessions(database);
        var second = Open(folder, database);
        second.CommitNothingAsync(Stop).GetAwaiter().GetResult();
        second.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    [Fact]
    public async Task Keeps_text_that_PostgreSQL_cannot_hold_out_of_the_way()
    {
        using var folder = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var log = Open(folder["log"], database);

        await log.WriteAsync(
            write =>
            {
                write.Execute("INSERT INTO log_meta (name, value) VALUES ($1, $2)", "nul", "a\0b");
                return true;
            },
            Stop
        );

        Scalar(database, "SELECT value FROM log_meta WHERE name = 'nul'").ShouldBe("a\uFFFDb");
    }

    [Fact]
    public void Is_refused_with_what_is_wrong_and_without_the_password()
    {
        var problem = new LogOptions { Folder = "/x", Database = "Host=db;Password=geheim;Colour=red" }
            .Problems()
            .ShouldHaveSingleItem();
        problem.ShouldContain("Database is no connection string");
        problem.ShouldNotContain("geheim");
        new LogOptions { Folder = "/x", Database = "Database=x" }
            .Problems()
            .ShouldHaveSingleItem()
            .ShouldContain("names no Host");
        using var folder = new TemporaryFolder();
        var unreachable = Should
            .Throw<LogCannotStartException>(() => Open(folder["log"], "Host=127.0.0.1;Port=1;Username=x;Password=geheim"))
            .Message;
        unreachable.ShouldNotContain("geheim");
        unreachable.ShouldStartWith("PostgreSQL at 127.0.0.1 cannot be used: ");
        unreachable.ShouldEndWith(".");
    }

    internal static LogWriter Open(string folder, string database, params IReadOnlyList<SchemaPart> parts) =>
        LogWriter.Open(new LogOptions { Folder = folder, Database = database }, TimeProvider.System, NullLogger.Instance, parts);

    internal static async Task<ulong> AppendAsync(LogWriter log) =>
        (await log.WriteAsync(write => write.Append(TestLog.Purge(1, "/a")), Stop)).Position;

    /// <summary>As a restart of the server, a cut that it notices, or an administrator does.</summary>
    private static void EndSessions(string database) =>
        Execute(
            database,
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );

    private static long Listeners(string database) =>
        (long)
            Scalar(
                database,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '"
                    + HolderWatch.SessionName
                    + "'"
            )!;

    internal static void Execute(string database, string sql)
    {
        using var connection = new NpgsqlConnection(database + ";Pooling=false");
        connection.Open();
        connection.Run(sql);
    }

    internal static object? Scalar(string database, string sql)
    {
        using var connection = new NpgsqlConnection(database + ";Pooling=false");
        connection.Open();
        return connection.Scalar(sql);
    }
}

[Trait("Engine", "PostgreSQL")]
public sealed class A_PostgreSQL_server
{
    [Theory]
    [InlineData("fsync")]
    [InlineData("full_page_writes")]
    public void That_gives_less_than_is_promised_is_refused(string setting)
    {
        using var server = PostgresServer.Start($"{setting} = off");
        using var folder = new TemporaryFolder();
        Should
            .Throw<LogCannotStartException>(() => A_log_on_PostgreSQL.Open(folder["log"], server.ConnectionString()))
            .Message.ShouldContain($"{setting} = off");
    }

    [Fact]
    public async Task That_answers_before_a_commit_is_on_disk_is_told_to_wait_for_it()
    {
        using var server = PostgresServer.Start("synchronous_commit = off");
        using var folder = new TemporaryFolder();
        await using var log = A_log_on_PostgreSQL.Open(folder["log"], server.ConnectionString());
        var inUse = await log.WriteAsync(write => write.Query("SHOW synchronous_commit", row => row.GetString(0))[0], default);
        inUse.ShouldBe("on");
    }
}
