using System.Collections.Immutable;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.PurgeLog;

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
        written.Epoch.ShouldBe(host.Feed.Epoch);
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

    [Fact]
    public async Task Is_restored_as_a_new_epoch_in_which_former_purge_ids_mean_nothing()
    {
        using var folder = new TemporaryFolder();
        string epoch;
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            epoch = host.Feed.Epoch;
            Opened(LogBackup.Write(folder["control"], folder["backup.db"]));
        }

        var restored = Opened(LogBackup.Restore(folder["backup.db"], folder["restored"]));

        restored.Epoch.ShouldNotBe(epoch);
        Opened(LogBackup.Restore(folder["backup.db"], folder["twice"])).Epoch.ShouldNotBe(restored.Epoch, "two restores are two logs");
        await using var again = await ControlHost.StartAsync(folder["restored"]);
        again.Feed.Epoch.ShouldBe(restored.Epoch);
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
                var memory = FleetStore.Load(write, writer.Feed.Epoch, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.Zero));
                if (completes)
                    ReceiptStore.Save(
                        write,
                        new FleetNews([new Completed(0, 1, write.Now, [])], [], ImmutableDictionary<CountKey, PurgeCount>.Empty, [], 1, 1)
                    );
                return memory.Start.Restored;
            },
            CancellationToken.None
        );
    }
}
