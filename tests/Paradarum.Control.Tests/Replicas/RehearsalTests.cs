using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Replicas;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Replicas;

/// <summary>A control plane that stands by pays the cost of a first start before it matters.</summary>
[Trait("Engine", "PostgreSQL")]
public sealed class A_rehearsal(OwnPostgres postgres) : IClassFixture<OwnPostgres>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_nothing_of_the_database_and_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        var database = postgres.NewDatabase();
        await using var works = await ControlHost.StartAsync(
            folder["works"],
            options => options with { Log = options.Log with { Database = database } }
        );
        await works.AddPropertyAsync("shop");
        var before = Changes(database);

        // As one that was killed in the middle of it leaves it.
        Directory.CreateDirectory(Path.Combine(folder["stands-by"], "rehearsal"));
        await File.WriteAllTextAsync(Path.Combine(folder["stands-by"], "rehearsal", "paradarum.db"), "torn", Stop);

        (await RunAsync(folder["stands-by"], database, Stop)).ShouldBeTrue();

        Changes(database).ShouldBe(before);
        Directory.GetDirectories(folder["stands-by"]).ShouldBeEmpty();
        DataFolder.IsTaken(folder["stands-by"]).ShouldBeFalse();
        works.Plane.Over.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task That_is_impossible_or_too_late_is_given_up_and_harms_nothing()
    {
        using var folder = new TemporaryFolder();
        (await RunAsync(folder["a"], "Host=127.0.0.1;Port=1;Timeout=2", Stop)).ShouldBeFalse();
        (await RunAsync(folder["b"], postgres.NewDatabase(), new CancellationToken(canceled: true))).ShouldBeFalse();
        Directory.GetDirectories(folder["a"]).ShouldBeEmpty();
        Directory.Exists(folder["b"]).ShouldBeFalse();
    }

    private static async Task<bool> RunAsync(string folder, string database, CancellationToken stop)
    {
        var time = new FakeTimeProvider();
        var options = new ControlPlaneOptions
        {
            Log = new LogOptions { Folder = folder, Database = database },
            ApiPort = 0,
        };
        var running = Rehearsal.RunAsync(options, time, NullLogger.Instance, stop);
        time.Advance(TimeSpan.FromSeconds(3));
        return await running;
    }

    private static object? Changes(string database) =>
        A_log_on_PostgreSQL.Scalar(
            database,
            "SELECT (SELECT position FROM log_end) || ' ' || (SELECT string_agg(name || value, ' ' ORDER BY name) FROM log_meta)"
        );
}
