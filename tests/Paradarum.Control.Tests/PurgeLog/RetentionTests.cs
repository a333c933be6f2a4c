using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Tests.PurgeLog;

public sealed class Retention
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_count_keeps_the_newest_and_says_where_the_tail_is()
    {
        await using var log = TestLog.Open(options => options with { MostRecords = 1000, TailBytes = 1 << 20 });
        await log.Writer.WriteAsync(write => write.Append(TestLog.Configuration(42)), Stop);
        await Task.WhenAll(Enumerable.Range(0, 1700).Select(i => log.Append(property: 1 + (i % 3), value: $"/{i}")));

        log.Feed.Head.Position.ShouldBe(1701ul);
        log.Feed.Tail.ShouldBe(701ul);
        log.Feed.TryRead(700, 10, 1000, out _).ShouldBeFalse();
        log.Feed.TryRead(701, 10, 1000, out var records).ShouldBeTrue();
        records[0].Position.ShouldBe(702ul);
        log.Feed.HashAt(700).ShouldBeNull();
        log.Feed.HashAt(701).ShouldNotBeNull();
        TestLog.ReadAll(log.Feed).Count.ShouldBe(1000);
        log.Feed.Positions[42].ShouldBe(new PropertyPositions(0, 1)); // beyond the tail

        await log.Reopen();
        log.Feed.Tail.ShouldBe(701ul);
        TestLog.ReadAll(log.Feed).Count.ShouldBe(1000);
        log.Feed.Positions[42].ShouldBe(new PropertyPositions(0, 1));
    }

    [Fact]
    public async Task By_size_wins_over_age()
    {
        await using var log = TestLog.Open(options => options with { MostBytes = 64 << 20 });
        var large = "/" + new string('x', 4 << 20);
        for (var i = 0; i < 20; i++)
            await log.Append(value: large);

        // 4 MiB and a little each: 15 fit into 64 MiB.
        log.Feed.Tail.ShouldBe(5ul);
        log.Feed.Head.Position.ShouldBe(20ul);
    }

    [Fact]
    public async Task By_age_takes_what_is_too_old_and_nothing_else()
    {
        await using var log = TestLog.Open(options => options with { OldestAge = TimeSpan.FromHours(2) });
        await log.Append(value: "/old");
        await log.Append(value: "/old too");
        log.Time.Advance(TimeSpan.FromHours(1));
        await log.Append(value: "/younger");
        log.Feed.Tail.ShouldBe(0ul);

        log.Time.Advance(TimeSpan.FromMinutes(61));
        await log.Writer.WriteAsync(_ => 0, Stop); // comes after the upkeep that the clock has made due
        log.Feed.Tail.ShouldBe(2ul);
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(["/younger"]);
    }

    [Fact]
    public async Task Of_everything_leaves_an_empty_log_that_goes_on_at_its_position()
    {
        await using var log = TestLog.Open(options => options with { OldestAge = TimeSpan.FromHours(2) });
        await log.Append();
        var last = await log.Append();
        log.Time.Advance(TimeSpan.FromHours(3));
        await log.Writer.WriteAsync(_ => 0, Stop);
        log.Feed.Tail.ShouldBe(2ul);
        log.Feed.Head.Position.ShouldBe(2ul);
        log.Feed.HashAt(2)!.Value.ToArray().ShouldBe(last.Hash.ToArray());

        await log.Reopen();
        (await log.Append()).Position.ShouldBe(3ul);
        TestLog.ReadAll(log.Feed).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_lowered_bound_catches_up_in_steps()
    {
        await using var log = TestLog.Open(options => options with { MostRecords = 100_000 });
        for (var i = 0; i < 25; i++)
            await Task.WhenAll(Enumerable.Range(0, 256).Select(_ => log.Append()));
        await log.Reopen(options => options with { MostRecords = 1000 });
        // Each write lets one step of at most 2 000 records happen, and so does the wake-up after a full step.
        for (var i = 0; i < 4; i++)
            await log.Append();
        log.Feed.Tail.ShouldBe(log.Feed.Head.Position - 1000);
    }

    [Fact]
    public async Task Takes_with_a_record_what_hangs_on_it()
    {
        var part = new SchemaPart(
            "test",
            ["CREATE TABLE notes (position INTEGER PRIMARY KEY REFERENCES log_records (position) ON DELETE CASCADE)"]
        );
        await using var log = TestLog.Open(options => options with { OldestAge = TimeSpan.FromHours(2) }, part);
        await log.Writer.WriteAsync(
            write =>
            {
                write.Execute("INSERT INTO notes (position) VALUES ($1)", (long)write.Append(TestLog.Purge(1, "/a")).Position);
                return true;
            },
            Stop
        );
        log.Scalar<long>("SELECT count(*) FROM notes").ShouldBe(1);
        log.Time.Advance(TimeSpan.FromHours(3));
        await log.Writer.WriteAsync(_ => 0, Stop);
        log.Scalar<long>("SELECT count(*) FROM notes").ShouldBe(0);
    }
}
