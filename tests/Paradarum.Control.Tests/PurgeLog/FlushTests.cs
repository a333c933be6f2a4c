using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Tests.PurgeLog;

public sealed class A_held_flush
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_no_one_and_shows_nothing_until_it_is_over()
    {
        await using var log = TestLog.Open();
        await log.Append();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var published = false;
        var before = log.Feed.Head;

        var beyond = log.Feed.WaitBeyondAsync(1, Stop);
        var append = log.Writer.WriteAsync(
            write =>
            {
                write.AfterFlush(() => published = true);
                return write.Append(TestLog.Purge(7, "/b"));
            },
            Stop
        );
        await held.Reached;

        append.IsCompleted.ShouldBeFalse();
        beyond.IsCompleted.ShouldBeFalse();
        published.ShouldBeFalse();
        log.Feed.Head.ShouldBe(before);
        log.Feed.TryRead(1, 10, 1000, out var records).ShouldBeTrue();
        records.ShouldBeEmpty();
        log.Feed.HashAt(2).ShouldBeNull();
        log.Feed.Positions.ContainsKey(7).ShouldBeFalse();
        log.Scalar<long>("SELECT count(*) FROM log_records").ShouldBe(1);

        held.LetGo();
        (await append).Position.ShouldBe(2ul);
        await beyond;
        published.ShouldBeTrue();
        log.Feed.Head.Position.ShouldBe(2ul);
        log.Feed.Positions[7].LastPurge.ShouldBe(2ul);
    }

    [Fact]
    public async Task Gathers_all_that_arrives_meanwhile_into_one_flush()
    {
        await using var log = TestLog.Open();
        using var held = new HeldFlush();
        var flushes = 0;
        log.Flush = commit =>
        {
            flushes++;
            held.Flush(commit);
        };
        var first = log.Append();
        await held.Reached;
        var others = Enumerable.Range(0, 100).Select(_ => log.Append()).ToList();
        held.LetGo();

        await first;
        await Task.WhenAll(others);
        flushes.ShouldBe(2);
        others.Select(other => other.Result.Position).ShouldBe(Enumerable.Range(2, 100).Select(position => (ulong)position));
    }

    [Fact]
    public async Task Publishes_to_memory_before_anyone_hears_of_it_or_sees_the_head()
    {
        await using var log = TestLog.Open();
        var seen = new List<(ulong Work, ulong Head, ulong LastPurge)>();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append();
        await held.Reached;

        Task<ulong> Watched(long property) =>
            log.Writer.WriteAsync(
                write =>
                {
                    write.Append(TestLog.Purge(property, "/x"));
                    write.AfterFlush(() =>
                        seen.Add((write.Head.Position, log.Feed.Head.Position, log.Feed.Positions.GetValueOrDefault(1).LastPurge))
                    );
                    return write.Head.Position;
                },
                Stop
            );
        var second = Watched(1);
        var third = Watched(2);
        var fourth = Watched(1);
        held.LetGo();
        await Task.WhenAll(first, second, third, fourth);

        // In the order of the works; each sees what is as of itself, and the old head.
        seen.ShouldBe([(2, 1, 2), (3, 1, 2), (4, 1, 4)]);
    }

    [Fact]
    public async Task Drops_a_work_whose_caller_gave_up_before_its_turn()
    {
        await using var log = TestLog.Open();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append();
        await held.Reached;
        using var gaveUp = new CancellationTokenSource();
        var abandoned = log.Writer.WriteAsync(write => write.Append(TestLog.Purge(1, "/never")), gaveUp.Token);
        await gaveUp.CancelAsync();
        held.LetGo();

        await first;
        await Should.ThrowAsync<OperationCanceledException>(abandoned);
        (await log.Append()).Position.ShouldBe(2ul);
    }
}

public sealed class A_failing_commit
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reaches_every_waiter_and_leaves_no_trace()
    {
        await using var log = TestLog.Open();
        await log.Append(value: "/1");
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append(value: "/2");
        await held.Reached;
        var published = false;
        var doomed = Enumerable
            .Range(0, 5)
            .Select(i =>
                log.Writer.WriteAsync(
                    write =>
                    {
                        write.AfterFlush(() => published = true);
                        return write.Append(TestLog.Purge(9, $"/doomed{i}"));
                    },
                    Stop
                )
            )
            .ToList();
        log.Flush = _ => throw new IOException("the disk is gone");
        held.LetGo();
        await first;
        foreach (var waiter in doomed)
            (await Should.ThrowAsync<LogUnavailableException>(waiter)).InnerException.ShouldBeOfType<IOException>();

        published.ShouldBeFalse();
        log.Feed.Head.Position.ShouldBe(2ul);
        log.Feed.Positions.ContainsKey(9).ShouldBeFalse();
        log.Flush = commit => commit();
        (await log.Append(value: "/3")).Position.ShouldBe(3ul);
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2", "/3"]);

        await log.Reopen();
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2", "/3"]);
    }

    [Fact]
    public async Task That_took_place_all_the_same_answers_an_error_and_still_brings_memory_up_to_the_disk()
    {
        await using var log = TestLog.Open();
        var published = 0;
        log.Flush = commit =>
        {
            commit();
            throw new IOException("the answer of the disk was lost");
        };
        await Should.ThrowAsync<LogUnavailableException>(
            log.Writer.WriteAsync(
                write =>
                {
                    write.AfterFlush(() => published++);
                    return write.Append(TestLog.Purge(4, "/1"));
                },
                Stop
            )
        );

        published.ShouldBe(1);
        log.Feed.Head.Position.ShouldBe(1ul);
        log.Feed.Positions[4].LastPurge.ShouldBe(1ul);
        log.Flush = commit => commit();
        (await log.Append(value: "/2")).Position.ShouldBe(2ul);
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2"]);
    }

    [Trait("Engine", "SQLite")]
    [Fact]
    public async Task Of_a_database_that_cannot_be_reopened_refuses_writes_until_it_can()
    {
        await using var log = TestLog.Open();
        await log.Append();
        var hidden = log.DatabaseFile + ".away";
        log.Flush = _ =>
        {
            File.Move(log.DatabaseFile, hidden);
            Directory.CreateDirectory(log.DatabaseFile);
            throw new IOException("unplugged");
        };
        await Should.ThrowAsync<LogUnavailableException>(log.Append());
        log.Flush = commit => commit();
        await Should.ThrowAsync<LogUnavailableException>(log.Append());
        log.Feed.Head.Position.ShouldBe(1ul);

        Directory.Delete(log.DatabaseFile);
        File.Move(hidden, log.DatabaseFile);
        (await log.Append()).Position.ShouldBe(2ul);
    }
}

public sealed class A_work_that_throws
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Takes_back_its_own_changes_and_leaves_those_of_the_others_in_its_group()
    {
        await using var log = TestLog.Open();
        using var held = new HeldFlush();
        log.Flush = held.Flush;
        var first = log.Append(value: "/1");
        await held.Reached;
        var published = false;
        var second = log.Append(value: "/2");
        var thrower = log.Writer.WriteAsync<int>(
            write =>
            {
                write.AfterFlush(() => published = true);
                write.Append(TestLog.Purge(66, "/taken back"));
                throw new InvalidOperationException("changed my mind");
            },
            Stop
        );
        var third = log.Append(value: "/3");
        held.LetGo();

        await first;
        (await second).Position.ShouldBe(2ul);
        (await third).Position.ShouldBe(3ul);
        (await Should.ThrowAsync<InvalidOperationException>(thrower)).Message.ShouldBe("changed my mind");
        published.ShouldBeFalse();
        log.Feed.Positions.ContainsKey(66).ShouldBeFalse();
        await log.Reopen();
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/1", "/2", "/3"]);
        log.Feed.Positions.ContainsKey(66).ShouldBeFalse();
    }

    [Fact]
    public async Task After_the_flush_stops_the_writer_because_memory_no_longer_follows()
    {
        await using var log = TestLog.Open();
        var ran = new List<int>();
        var position = await log.Writer.WriteAsync(
            write =>
            {
                write.AfterFlush(() => throw new InvalidOperationException("a bug"));
                write.AfterFlush(() => ran.Add(2));
                return write.Append(TestLog.Purge(1, "/a")).Position;
            },
            Stop
        );

        position.ShouldBe(1ul); // it is durable, so its caller is told the truth
        ran.ShouldBe([2]);
        await Should.ThrowAsync<LogUnavailableException>(log.Append());
        await log.Reopen();
        (await log.Append()).Position.ShouldBe(2ul);
    }
}
