using System.Globalization;
using Microsoft.Data.Sqlite;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Sqlite;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.PurgeLog;

public sealed class A_log_whose_process_is_killed
{
    /// <summary>Eight writers in a process of their own, killed with SIGKILL at a random moment, again and again over one folder.</summary>
    [Fact]
    public async Task Holds_every_append_that_was_acknowledged()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-kill-").FullName;
        var random = new Random(20260301);
        var acknowledged = new Dictionary<ulong, string>();
        for (var round = 0; round < 6; round++)
        {
            foreach (
                var (position, value) in await LogWriterChild.RunUntilKilledAsync(folder, round, acknowledgements: random.Next(1, 400))
            )
                acknowledged.Add(position, value);

            await using var log = TestLog.OpenIn(folder, ownsFolder: false);
            var found = TestLog.ReadAll(log.Feed).ToDictionary(record => record.Position, TestLog.ValueOf);
            foreach (var (position, value) in acknowledged)
                found[position].ShouldBe(value);
            log.Feed.Positions[1].LastPurge.ShouldBe(log.Feed.Head.Position);
            acknowledged.Add((await log.Append(value: $"/between/{round}")).Position, $"/between/{round}");
        }
        Directory.Delete(folder, recursive: true);
    }
}

[Trait("Engine", "SQLite")]
public sealed class A_snapshot_of_database_and_write_ahead_log
{
    private sealed record Commit(long WalLength, ulong Head);

    [Fact]
    public async Task Cut_at_any_length_opens_at_the_last_commit_that_is_whole()
    {
        var copy = Directory.CreateTempSubdirectory("paradarum-cut-").FullName;
        var commits = new List<Commit>();
        var acknowledged = new List<string>();
        // No checkpoint in between: the write-ahead log only grows.
        await using (var log = TestLog.Open(options => options with { CheckpointBytes = 1L << 30 }))
        {
            var wal = log.DatabaseFile + "-wal";
            commits.Add(new Commit(0, 0));
            log.Flush = commit =>
            {
                commit();
                commits.Add(new Commit(new FileInfo(wal).Length, (ulong)log.Scalar<long>("SELECT position FROM log_end")));
            };
            for (var i = 0; i < 30; i++)
            {
                var group = Enumerable
                    .Range(0, 1 + (i % 4))
                    .Select(j => log.Append(property: j, value: $"/{i}/{new string('x', i * 97)}/{j}"))
                    .ToList();
                foreach (var record in await Task.WhenAll(group))
                    acknowledged.Add(TestLog.ValueOf(record));
            }
            File.Copy(log.DatabaseFile, Path.Combine(copy, "whole.db"));
            File.Copy(wal, Path.Combine(copy, "whole.wal"));
        }

        var whole = await File.ReadAllBytesAsync(Path.Combine(copy, "whole.wal"), TestContext.Current.CancellationToken);
        var random = new Random(7);
        var cuts = Enumerable.Range(0, 60).Select(_ => random.Next(whole.Length + 1)).ToList();
        cuts.AddRange(commits.SelectMany(commit => new[] { (int)commit.WalLength, Math.Max(0, (int)commit.WalLength - 1) }));
        foreach (var cut in cuts)
        {
            var head = commits.Last(commit => commit.WalLength <= cut).Head;
            await OpenCut(copy, whole[..cut], head, acknowledged);

            // The rest of the file may hold what was there before instead of nothing.
            var garbage = whole.ToArray();
            random.NextBytes(garbage.AsSpan(cut));
            // Never the very byte that was there: where one byte is missing, that would make the commit whole again.
            if (cut < whole.Length)
                garbage[cut] = (byte)~whole[cut];
            await OpenCut(copy, garbage, head, acknowledged);
        }
        Directory.Delete(copy, recursive: true);
    }

    private static async Task OpenCut(string copy, byte[] wal, ulong head, List<string> acknowledged)
    {
        var folder = Path.Combine(copy, "cut");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(copy, "whole.db"), Path.Combine(folder, "paradarum.db"), overwrite: true);
        await File.WriteAllBytesAsync(Path.Combine(folder, "paradarum.db-wal"), wal, TestContext.Current.CancellationToken);
        await using (var log = TestLog.OpenIn(folder, ownsFolder: false))
        {
            log.Feed.Head.Position.ShouldBe(head);
            TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(acknowledged.Take((int)head));
            (await log.Append()).Position.ShouldBe(head + 1);
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Taken_at_any_commit_opens_at_that_commit_while_checkpoints_go_on()
    {
        var copies = Directory.CreateTempSubdirectory("paradarum-copies-").FullName;
        var taken = new List<string>();
        await using (var log = TestLog.Open(options => options with { CheckpointBytes = 256 << 10 }))
        {
            log.Flush = commit =>
            {
                commit();
                if ((ulong)taken.Count * 23 > log.Feed.Head.Position)
                    return;
                var folder = Directory.CreateDirectory(Path.Combine(copies, taken.Count.ToString(CultureInfo.InvariantCulture))).FullName;
                File.Copy(log.DatabaseFile, Path.Combine(folder, "paradarum.db"));
                File.Copy(log.DatabaseFile + "-wal", Path.Combine(folder, "paradarum.db-wal"));
                taken.Add(folder);
            };
            for (var i = 1; i <= 600; i++)
                await log.Append(value: $"/{i}/{new string('y', 1500)}");
        }

        taken.Count.ShouldBeGreaterThan(20);
        var heads = new List<ulong>();
        foreach (var folder in taken)
        {
            await using var log = TestLog.OpenIn(folder, ownsFolder: false);
            heads.Add(log.Feed.Head.Position);
            TestLog.ReadAll(log.Feed).Count.ShouldBe((int)log.Feed.Head.Position);
        }
        // Each was taken between the flush and the publishing of the very next position.
        heads.ShouldBe(Enumerable.Range(0, taken.Count).Select(i => (ulong)(i * 23) + 1));
        Directory.Delete(copies, recursive: true);
    }
}

[Trait("Engine", "SQLite")]
public sealed class A_write_ahead_log
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stays_bounded_however_much_is_written()
    {
        await using var log = TestLog.Open(options => options with { CheckpointBytes = 256 << 10 });
        var longest = 0L;
        log.Flush = commit =>
        {
            commit();
            longest = Math.Max(longest, new FileInfo(log.DatabaseFile + "-wal").Length);
        };
        for (var i = 0; i < 150; i++)
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => log.Append(value: "/" + new string('z', 4000))));

        new FileInfo(log.DatabaseFile).Length.ShouldBeGreaterThan(4 << 20);
        longest.ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public async Task Grows_while_a_reader_holds_it_and_is_bounded_again_afterwards()
    {
        await using var log = TestLog.Open(options => options with { CheckpointBytes = 256 << 10 });
        var wal = log.DatabaseFile + "-wal";
        await using (var reader = log.Writer.OpenReader())
        {
            await using var transaction = ((SqliteConnection)reader).BeginTransaction(deferred: true);
            await using var command = reader.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "SELECT count(*) FROM log_records";
            command.ExecuteScalar();
            for (var i = 0; i < 100; i++)
                await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => log.Append(value: "/" + new string('z', 4000))));
            new FileInfo(wal).Length.ShouldBeGreaterThan(2 << 20);
        }
        var longest = new FileInfo(wal).Length;
        for (var i = 0; i < 300; i++)
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => log.Append(value: "/" + new string('z', 4000))));
        new FileInfo(wal).Length.ShouldBeLessThanOrEqualTo(longest + (1 << 20));

        // Upkeep finds it idle and gives the space back; it runs on the writer's thread between works, so before one of these or after it.
        await Eventually.Async(async () =>
        {
            log.Time.Advance(TimeSpan.FromMinutes(1));
            await log.Writer.WriteAsync(_ => 0, Stop);
            return new FileInfo(wal).Length < 256 << 10;
        });
    }

    [Fact]
    public void Is_refused_where_sqlite_keeps_less_than_is_needed()
    {
        using var memory = new SqliteConnection("Data Source=:memory:");
        memory.Open();
        Should
            .Throw<LogCannotStartException>(() => SqliteLogDatabase.Require(memory, "journal_mode", "wal"))
            .Message.ShouldContain("journal_mode");
        Should.NotThrow(() => SqliteLogDatabase.Require(memory, "synchronous", "2", set: "FULL"));
        Should.Throw<LogCannotStartException>(() => SqliteLogDatabase.Require(memory, "synchronous", "2", set: "NORMAL"));
    }
}
