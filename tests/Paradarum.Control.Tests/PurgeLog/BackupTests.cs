using System.Collections.Immutable;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Tests.Fleet;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.PurgeLog;

[Trait("Engine", "SQLite")]
public sealed class A_backup
{
    [Fact]
    public async Task Of_a_control_plane_that_writes_holds_everything_answered_before_it_and_adds_up()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync(folder["control"]);
        var property = await host.AddPropertyAsync("shop");
        using var enough = new CancellationTokenSource();
        var writing = WriteAsync(host, property.Id, enough.Token);
        await host.Feed.WaitBeyondAsync(50, CancellationToken.None);
        var before = host.Feed.Head.Position;

        var written = Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        await enough.CancelAsync();
        await writing;

        written.Head.ShouldBeGreaterThanOrEqualTo(before);
        File.GetUnixFileMode(folder["backup.db"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(folder.Path).ShouldBe([folder["backup.db"]], "nothing is left beside it");
        Opened(LogBackup.Restore(folder["backup.db"], folder["restored"])).Head.ShouldBe(written.Head);
        await using var again = await ControlHost.StartAsync(folder["restored"]); // checks the chain
        again.Feed.Head.Position.ShouldBe(written.Head);
        again.Catalogue.Current.Properties.ContainsKey(property.Id).ShouldBeTrue();
    }

    [Fact]
    public async Task Replaces_nothing_and_leaves_no_half_file()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync(folder["control"]);
        await File.WriteAllTextAsync(folder["there"], "mine");

        Refused(LogBackup.Write(folder["control"], folder["there"])).ShouldContain("there already");
        (await File.ReadAllTextAsync(folder["there"])).ShouldBe("mine");
        Refused(LogBackup.Write(folder["nowhere"], folder["b.db"])).ShouldContain("no database");
        Refused(LogBackup.Write(folder["control"], folder["no/such/folder.db"])).ShouldContain("could not be written");
        Directory.GetFiles(folder.Path).ShouldBe([folder["there"]]);
    }

    [Theory]
    [InlineData("by the command")]
    [InlineData("by hand")]
    public async Task Is_a_new_epoch_however_it_is_put_back(string how)
    {
        using var folder = new TemporaryFolder();
        string epoch;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            epoch = host.Feed.Epoch;
            Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        }

        foreach (var place in new[] { "restored", "twice" })
        {
            if (how == "by hand")
                File.Copy(folder["backup.db"], Path.Combine(Directory.CreateDirectory(folder[place]).FullName, DataFolder.DatabaseName));
            else
                Opened(LogBackup.Restore(folder["backup.db"], folder[place]));
        }

        var restored = await EpochAsync(folder["restored"]);
        restored.ShouldNotBe(epoch);
        (await EpochAsync(folder["twice"])).ShouldNotBe(restored, "two restores are two logs");
        (await EpochAsync(folder["restored"])).ShouldBe(restored, "it goes on");
    }

    private static async Task<string> EpochAsync(string folder)
    {
        await using var host = await ControlHost.StartAsync(folder);
        return host.Feed.Epoch;
    }

    [Fact]
    public async Task Is_not_restored_over_anything()
    {
        using var folder = new TemporaryFolder();
        await using var host = await ControlHost.StartAsync(folder["control"]);
        Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        Directory.CreateDirectory(folder["full"]);
        await File.WriteAllTextAsync(folder["full/file"], "mine");

        Refused(LogBackup.Restore(folder["backup.db"], folder["control"])).ShouldContain("is running on");
        Refused(LogBackup.Restore(folder["backup.db"], folder["full"])).ShouldContain("is not empty");
        Refused(LogBackup.Restore(folder["nothing"], folder["new"])).ShouldContain("no file");
        Directory.GetFiles(folder["full"]).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("no database at all")]
    [InlineData("cut off")]
    [InlineData("another database")]
    public async Task That_is_damaged_is_refused_and_nothing_is_left(string damage)
    {
        using var folder = new TemporaryFolder();
        await using (var host = await ControlHost.StartAsync(folder["control"]))
            Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        var bytes = await File.ReadAllBytesAsync(folder["backup.db"]);
        if (damage == "no database at all")
            await File.WriteAllTextAsync(folder["bad.db"], "no database");
        else if (damage == "cut off")
            await File.WriteAllBytesAsync(folder["bad.db"], bytes[..(bytes.Length / 2)]);
        else
            Make(folder["bad.db"]);

        Refused(LogBackup.Restore(folder["bad.db"], folder["new"])).ShouldNotBeEmpty();
        Directory.GetFileSystemEntries(folder["new"]).ShouldBeEmpty();
    }

    private static void Make(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE other (a INTEGER)";
        command.ExecuteNonQuery();
    }

    private static async Task WriteAsync(ControlHost host, long property, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var payload = new RecordPayload
            {
                PropertyId = property,
                Purges = true,
                Purge = new PurgeBody { Rules = { new RuleMessage { Kind = RuleKind.All } } },
            };
            await host.Writer.WriteAsync(write => write.Append(payload), CancellationToken.None);
        }
    }

    internal static BackupFacts Opened(Result<BackupFacts> result) => ControlHost.Opened(result);

    private static string Refused(Result<BackupFacts> result) =>
        result.Ok(out var facts, out var refusal) ? throw new InvalidOperationException($"{facts}") : refusal.Message;
}

/// <summary>After a restore nothing is complete before the largest values that the settings allow have run out, plus 2 %.</summary>
[Trait("Engine", "SQLite")]
public sealed class A_restored_control_plane
{
    [Fact]
    public async Task Is_known_as_restored_until_something_was_complete_however_often_it_is_restarted()
    {
        using var folder = new TemporaryFolder();
        (await StartAsync(folder["control"])).ShouldBeFalse();
        A_backup.Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        A_backup.Opened(LogBackup.Restore(folder["backup.db"], folder["restored"]));

        (await StartAsync(folder["restored"])).ShouldBeTrue();
        (await StartAsync(folder["restored"])).ShouldBeTrue("what the first start waited for may not be over");
        (await StartAsync(folder["restored"], completes: true)).ShouldBeTrue();
        (await StartAsync(folder["restored"])).ShouldBeFalse("nothing is complete before all of it is over");
    }

    /// <summary>The real control plane on a real restored database; its clock alone is the test's.</summary>
    [Fact]
    public async Task Completes_a_purge_when_the_longest_lease_and_grace_that_settings_allow_are_over_and_no_sooner()
    {
        using var folder = new TemporaryFolder();
        long propertyId;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
            propertyId = (await host.AddPropertyAsync("shop")).Id;
        A_backup.Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        A_backup.Opened(LogBackup.Restore(folder["backup.db"], folder["restored"]));

        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var again = await ControlHost.StartAsync(
            folder["restored"],
            surroundings: new ControlPlaneSurroundings { Time = time }
        );
        using var port = new FleetPort(again);
        var purge = await The_fleet_port.AppendAsync(again, propertyId);
        var complete = port.Progress.WhenCompleteAsync(purge.Position, CancellationToken.None);
        // Nobody is connected, and nobody is known: who may hold a lease of the former control plane can't be told. 60 s, 10 min, and 2 %.
        var longest = TimeSpan.FromSeconds((60 + 600) * 1.02);
        for (var passed = TimeSpan.Zero; passed < longest - TimeSpan.FromSeconds(1); passed += TimeSpan.FromSeconds(1))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        port.Progress.ProgressOf(purge.Position, []).State.ShouldNotBe(PurgeState.Complete);
        complete.IsCompleted.ShouldBeFalse();
        await Eventually.Async(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return complete.IsCompleted;
            },
            "it is complete"
        );
        (time.GetUtcNow() - time.Start).ShouldBeGreaterThan(longest);
    }

    private static async Task<bool> StartAsync(string folder, bool completes = false)
    {
        await using var writer = LogWriter.Open(
            new LogOptions { Folder = folder },
            TimeProvider.System,
            NullLogger<LogWriter>.Instance,
            FleetSchema.Part,
            Control.Purging.PurgeSchema.Part
        );
        return await writer.WriteAsync(
            write =>
            {
                var memory = FleetStore.Load(write, writer.Feed, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.Zero));
                if (completes)
                    ReceiptStore.Save(
                        write,
                        new FleetNews(
                            [new Completed(0, 1, write.Now, [])],
                            [],
                            ImmutableDictionary<CountKey, PurgeCount>.Empty,
                            [],
                            [],
                            1,
                            1
                        )
                    );
                return memory.Start.Restored;
            },
            CancellationToken.None
        );
    }
}
