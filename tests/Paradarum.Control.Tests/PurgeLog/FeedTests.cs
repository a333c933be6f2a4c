using CsCheck;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.Tests.PurgeLog;

public sealed class The_feed
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_recent_records_from_memory_and_older_ones_from_disk_with_no_seam_between()
    {
        await using var log = TestLog.Open(options => options with { TailBytes = 1 << 20 });
        var filler = new string('x', 20_000);
        for (var i = 0; i < 10; i++)
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => log.Append(value: "/" + filler)));

        TestLog.ReadAll(log.Feed).Count.ShouldBe(200); // 4 MB, of which 1 MB is in memory
        log.Feed.HashAt(1)!.Value.ToArray().ShouldBe(TestLog.ReadAll(log.Feed)[0].Hash.ToArray());
        log.Feed.HashAt(201).ShouldBeNull();
    }

    [Fact]
    public async Task Gives_at_least_one_record_and_no_more_than_asked_for()
    {
        await using var log = TestLog.Open();
        for (var i = 0; i < 10; i++)
            await log.Append(value: "/" + new string('x', 1000));

        log.Feed.TryRead(0, 3, int.MaxValue, out var three).ShouldBeTrue();
        three.Select(record => record.Position).ShouldBe([1ul, 2ul, 3ul]);
        log.Feed.TryRead(4, 100, 1, out var one).ShouldBeTrue();
        one.Select(record => record.Position).ShouldBe([5ul]);
        log.Feed.TryRead(4, 100, 2500, out var two).ShouldBeTrue();
        two.Select(record => record.Position).ShouldBe([5ul, 6ul]);
        log.Feed.TryRead(10, 100, 2500, out var none).ShouldBeTrue();
        none.ShouldBeEmpty();
        log.Feed.TryRead(99, 100, 2500, out none).ShouldBeTrue();
        none.ShouldBeEmpty();
    }

    [Fact]
    public async Task Wakes_a_follower_once_the_head_is_beyond_its_position_and_lets_it_give_up()
    {
        await using var log = TestLog.Open();
        var beyondTwo = log.Feed.WaitBeyondAsync(2, Stop);
        await log.Append();
        await log.Append();
        beyondTwo.IsCompleted.ShouldBeFalse();
        await log.Append();
        await beyondTwo;
        await log.Feed.WaitBeyondAsync(0, Stop);

        using var gaveUp = new CancellationTokenSource();
        var never = log.Feed.WaitBeyondAsync(3, gaveUp.Token);
        await gaveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(never);
    }

    [Fact]
    public async Task Shows_followers_every_position_once_and_in_order_while_many_append()
    {
        await using var log = TestLog.Open(options => options with { TailBytes = 1 << 20 });
        const ulong last = 3000;
        var followers = Enumerable
            .Range(0, 4)
            .Select(_ =>
                Task.Run(
                    async () =>
                    {
                        for (var at = 0ul; at < last; )
                        {
                            await log.Feed.WaitBeyondAsync(at, Stop);
                            log.Feed.TryRead(at, 50, 1 << 16, out var records).ShouldBeTrue();
                            foreach (var record in records)
                                record.Position.ShouldBe(++at);
                        }
                    },
                    Stop
                )
            );
        var writers = Enumerable
            .Range(0, 8)
            .Select(_ =>
                Task.Run(
                    async () =>
                    {
                        for (var i = 0; i < (int)last / 8; i++)
                            await log.Append();
                    },
                    Stop
                )
            );
        await Task.WhenAll(followers.Concat(writers));
    }

    /// <summary>The ring in memory is a list of the newest records, whatever is added and dropped.</summary>
    [Fact]
    public void Keeps_in_memory_what_a_plain_list_would()
    {
        var steps = Gen.Int[-6, 400].Array[1, 200];
        steps.Sample(
            operations =>
            {
                const long most = 4096;
                var ring = new RecentRecords(most);
                var list = new List<LogRecord>();
                var next = 5ul;
                foreach (var operation in operations)
                {
                    if (operation < 0)
                    {
                        var through = next - (ulong)Math.Min((long)next, 7 + operation);
                        ring.DropThrough(through);
                        list.RemoveAll(record => record.Position <= through);
                        continue;
                    }
                    var added = new LogRecord(next++, new byte[32], new byte[operation]);
                    ring.Add(added);
                    list.Add(added);
                    while (list.Count > 1 && list.Sum(record => LogDatabase.SizeOf(record.Payload.Length)) > most)
                        list.RemoveAt(0);
                }
                for (var at = 0ul; at < next + 2; at++)
                    ring.Holds(at).ShouldBe(list.Exists(record => record.Position == at));
                if (list.Count > 0)
                    ring.Read(list[0].Position, int.MaxValue, int.MaxValue).ShouldBe(list);
            },
            iter: 500
        );
    }
}

public sealed class The_log_under_random_trouble
{
    private enum Step
    {
        Append,
        AppendMany,
        WorkThrows,
        CommitFails,
        CommitIsInDoubt,
        Reopen,
    }

    /// <summary>Whatever goes wrong, what is readable is exactly what was acknowledged or was in doubt and turned out to be there; memory and disk agree.</summary>
    [Fact]
    public async Task Agrees_with_a_list_of_what_became_durable()
    {
        var gen = Gen.Enum<Step>().Array[1, 25];
        await gen.SampleAsync(
            async steps =>
            {
                await using var log = TestLog.Open();
                var expected = new List<string>();
                var published = 0;
                var number = 0;
                foreach (var step in steps)
                {
                    var value = $"/{number++}";
                    Task<LogRecord> Watched(bool thrown = false) =>
                        log.Writer.WriteAsync(
                            write =>
                            {
                                write.AfterFlush(() => published++);
                                var record = write.Append(TestLog.Purge(1, value));
                                return thrown ? throw new InvalidOperationException("on purpose") : record;
                            },
                            CancellationToken.None
                        );
                    switch (step)
                    {
                        case Step.Append:
                            (await Watched()).Position.ShouldBe((ulong)expected.Count + 1);
                            expected.Add(value);
                            break;
                        case Step.AppendMany:
                            await Task.WhenAll(Watched(), Watched(), Watched());
                            expected.AddRange([value, value, value]);
                            break;
                        case Step.WorkThrows:
                            var thrower = Watched(thrown: true);
                            await Watched();
                            expected.Add(value);
                            await Should.ThrowAsync<InvalidOperationException>(thrower);
                            break;
                        case Step.CommitFails:
                            log.Flush = _ => throw new IOException("on purpose");
                            await Should.ThrowAsync<LogUnavailableException>(Watched());
                            log.Flush = commit => commit();
                            break;
                        case Step.CommitIsInDoubt:
                            log.Flush = commit =>
                            {
                                commit();
                                throw new IOException("on purpose");
                            };
                            await Should.ThrowAsync<LogUnavailableException>(Watched());
                            expected.Add(value);
                            log.Flush = commit => commit();
                            break;
                        case Step.Reopen:
                            await log.Reopen();
                            break;
                    }
                    published.ShouldBe(expected.Count);
                    log.Feed.Head.Position.ShouldBe((ulong)expected.Count);
                }
                TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(expected);
                await log.Reopen();
                TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(expected);
            },
            iter: 25,
            threads: 1
        );
    }
}
