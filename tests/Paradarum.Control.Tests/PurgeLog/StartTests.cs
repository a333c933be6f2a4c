using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.Tests.PurgeLog;

public sealed class Opening_the_log
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keeps_epoch_key_and_records_and_makes_other_ones_for_another_folder()
    {
        await using var log = TestLog.Open();
        await using var other = TestLog.Open();
        var (epoch, key) = (log.Feed.Epoch, log.Feed.PurgeTokenKey.ToArray());
        epoch.ShouldNotBe(other.Feed.Epoch);
        key.ShouldNotBe(other.Feed.PurgeTokenKey.ToArray());
        epoch.Length.ShouldBe(32);
        key.Length.ShouldBe(32);
        log.Feed.Head.Position.ShouldBe(0ul);
        log.Feed.Head.Hash.ToArray().ShouldBe(Chain.Origin(epoch));
        for (var i = 0; i < 10; i++)
            await log.Append(value: $"/{i}");

        await log.Reopen();
        log.Feed.Epoch.ShouldBe(epoch);
        log.Feed.PurgeTokenKey.ToArray().ShouldBe(key);
        TestLog.ReadAll(log.Feed).Select(TestLog.ValueOf).ShouldBe(Enumerable.Range(0, 10).Select(i => $"/{i}"));
    }

    [Trait("Engine", "SQLite")]
    [Fact]
    public async Task Keeps_the_database_to_its_owner_also_in_a_folder_that_was_open_to_all()
    {
        await using var log = TestLog.Open();
        await log.Append();
        var all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        File.SetUnixFileMode(log.DatabaseFile, all);

        await log.Reopen();
        await log.Append();
        foreach (var file in Directory.GetFiles(log.Folder, "paradarum.db*"))
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
    }

    [Fact]
    public async Task Is_refused_while_another_has_the_folder_and_allowed_afterwards()
    {
        await using var log = TestLog.Open();
        var refused = Should.Throw<LogCannotStartException>(() => LogWriter.Open(log.Options, log.Time, NullLogger.Instance));
        refused.Message.ShouldContain("is taken");
        refused.Message.ShouldContain(log.Folder);
        (await log.Append()).Position.ShouldBe(1ul);
        await log.Reopen();
        log.Feed.Head.Position.ShouldBe(1ul);
    }

    [Fact]
    public async Task Is_refused_when_a_newer_version_wrote_the_file_and_leaves_it_alone()
    {
        await using var log = TestLog.Open(parts: new SchemaPart("later", ["CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER)"]));
        await log.Append();
        var refused = await Should.ThrowAsync<LogCannotStartException>(() =>
            log.Reopen(parts: new SchemaPart("later", ["CREATE TABLE a (x INTEGER)"]))
        );
        refused.Message.ShouldContain("newer version");
        await log.Reopen(
            parts: new SchemaPart("later", ["CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER)", "CREATE TABLE c (x INTEGER)"])
        );
        log.Feed.Head.Position.ShouldBe(1ul);
        log.Scalar<long>("SELECT count(*) FROM c").ShouldBe(0);
    }

    [Theory]
    [InlineData("UPDATE log_records SET payload = $1 WHERE position = 3")]
    [InlineData("UPDATE log_records SET hash = $1 WHERE position = 2")]
    [InlineData("DELETE FROM log_records WHERE position = 5")]
    [InlineData("DELETE FROM log_records WHERE position = 4")]
    [InlineData("UPDATE log_end SET position = 4")]
    [InlineData("UPDATE log_end SET hash = $1")]
    public async Task Is_refused_when_the_chain_does_not_hold(string damage)
    {
        await using var log = TestLog.Open();
        for (var i = 0; i < 5; i++)
            await log.Append();
        await log.Writer.DisposeAsync();
        await using (var connection = log.Connect())
        {
            await using var command = damage.Contains('$', StringComparison.Ordinal)
                ? connection.Command(damage, new byte[] { 0 })
                : connection.Command(damage);
            command.ExecuteNonQuery().ShouldBe(1);
        }
        Should
            .Throw<LogCannotStartException>(() => LogWriter.Open(log.Options, log.Time, NullLogger.Instance))
            .Message.ShouldContain("damaged");
    }

    [Trait("Engine", "SQLite")]
    [Fact]
    public void Is_refused_for_a_file_that_is_no_database()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-nodb-").FullName;
        File.WriteAllText(Path.Combine(folder, "paradarum.db"), new string('?', 5000));
        Should.Throw<LogCannotStartException>(() =>
            LogWriter.Open(new LogOptions { Folder = folder }, TimeProvider.System, NullLogger.Instance)
        );
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Names_every_option_that_is_out_of_range_at_once()
    {
        var wrong = new LogOptions
        {
            Folder = " ",
            MostRecords = 1,
            MostBytes = 1,
            OldestAge = TimeSpan.Zero,
            TailBytes = 1,
            CheckpointBytes = 1,
            UpkeepEvery = TimeSpan.Zero,
        };
        var refused = Should.Throw<ArgumentException>(() => LogWriter.Open(wrong, TimeProvider.System, NullLogger.Instance));
        foreach (var key in new[] { "Folder", "MostRecords", "MostBytes", "OldestAge", "TailBytes", "CheckpointBytes", "UpkeepEvery" })
            refused.Message.ShouldContain(key);
        new LogOptions { Folder = "/x" }
            .Problems()
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Ends_with_all_work_done_and_refuses_more()
    {
        await using var log = TestLog.Open();
        var last = Enumerable.Range(0, 1000).Select(_ => log.Append()).ToList();
        await log.Writer.DisposeAsync();
        (await Task.WhenAll(last))[^1].Position.ShouldBe(1000ul);
        await Should.ThrowAsync<LogUnavailableException>(log.Writer.WriteAsync(_ => 0, Stop));
        new FileInfo(log.DatabaseFile + "-wal").Exists.ShouldBeFalse();
    }
}
