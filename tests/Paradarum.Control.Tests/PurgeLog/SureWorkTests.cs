using System.Data.Common;
using Paradarum.Control.PurgeLog;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

public sealed class A_work_without_a_savepoint
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shares_the_flush_and_the_order_of_the_others()
    {
        await using var log = TestLog.Open();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append(value: "/1");
        await held.Reached;
        var second = AppendSurely(log, "/2");
        var third = log.Append(value: "/3");
        var fourth = AppendSurely(log, "/4");
        held.LetGo();

        await Task.WhenAll(first, second, third, fourth);
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2", "/3", "/4"]);
        log.Scalar<long>("SELECT commits FROM log_end").ShouldBe(2);
        await log.Reopen();
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2", "/3", "/4"]);
    }

    [Fact]
    public async Task That_throws_before_it_wrote_is_alone_with_it()
    {
        await using var log = TestLog.Open();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append(value: "/1");
        await held.Reached;
        var second = AppendSurely(log, "/2");
        var thrower = log.Writer.WriteSurelyAsync<int>(_ => throw new InvalidOperationException("not now"), Stop);
        var third = AppendSurely(log, "/3");
        held.LetGo();

        await Task.WhenAll(first, second, third);
        (await Should.ThrowAsync<InvalidOperationException>(thrower)).Message.ShouldBe("not now");
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2", "/3"]);
    }

    [Fact]
    public async Task That_throws_after_it_wrote_takes_its_group_along_and_leaves_no_trace()
    {
        await using var log = TestLog.Open();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append(value: "/1");
        await held.Reached;
        var second = AppendSurely(log, "/2");
        var thrower = log.Writer.WriteSurelyAsync<int>(
            write =>
            {
                write.Append(TestLog.Purge(66, "/half"));
                throw new InvalidOperationException("half-way");
            },
            Stop
        );
        var third = log.Append(value: "/3");
        held.LetGo();

        await first;
        foreach (Task waiter in new Task[] { second, thrower, third })
            (await Should.ThrowAsync<LogUnavailableException>(waiter)).InnerException!.Message.ShouldBe("half-way");
        log.Feed.Positions.ContainsKey(66).ShouldBeFalse();
        (await AppendSurely(log, "/4")).ShouldBe(2ul);
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/4"]);
        await log.Reopen();
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/4"]);
    }

    [Fact]
    public async Task Says_what_the_database_says_of_a_statement_that_fails()
    {
        await using var log = TestLog.Open();
        var twice = log.Writer.WriteAsync(
            write =>
            {
                write.Execute("INSERT INTO log_meta (name, value) VALUES ($1, $2)", "epoch", "another");
                return true;
            },
            Stop
        );

        (await Should.ThrowAsync<DbException>(twice)).Message.ShouldContain(
            TestDatabases.ArePostgres ? "violates unique constraint \"log_meta_pkey\"" : "UNIQUE constraint failed: log_meta.name"
        );
        (await log.Append()).Position.ShouldBe(1ul);
    }

    [Fact]
    public async Task Binds_values_by_their_number_wherever_they_stand_in_the_statement()
    {
        await using var log = TestLog.Open();

        await log.Writer.WriteAsync(
            write =>
            {
                write.Execute("INSERT INTO log_meta (name, value) VALUES ($1, $2)", "one", "1");
                write.Execute("INSERT INTO log_meta (name, value) VALUES ($1, $2)", "two", "2");
                write.Execute("UPDATE log_meta SET value = $2 WHERE name = $1", "one", "changed");
                return true;
            },
            Stop
        );

        log.Scalar<string>("SELECT value FROM log_meta WHERE name = 'one'").ShouldBe("changed");
        log.Scalar<string>("SELECT value FROM log_meta WHERE name = 'two'").ShouldBe("2");
    }

    private static Task<ulong> AppendSurely(TestLog log, string value) =>
        log.Writer.WriteSurelyAsync(write => write.Append(TestLog.Purge(1, value)).Position, Stop);
}
