using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Control.Replicas;
using Paradarum.Control.Telemetry;

namespace Paradarum.Control;

/// <summary>
/// The first start of a control plane in a process costs most of two seconds of a processor: code is compiled, the model of the database is worked out. One that stands by pays that while
/// nobody waits for it: it starts a control plane over an empty folder in its own, on ports of its own, which nobody is told of, and ends it.
/// </summary>
internal static class Rehearsal
{
    /// <summary>The one that works may be starting on the same machine.</summary>
    private static readonly TimeSpan After = TimeSpan.FromSeconds(3);

    /// <summary>What goes wrong in it makes a takeover slower and nothing else.</summary>
    /// <param name="options">Of the control plane that this one may become; its database is read, and nothing of it changed.</param>
    /// <param name="time">Of the wait before it.</param>
    /// <param name="log">Is told why it could not be done.</param>
    /// <param name="stop">It is time for the real one.</param>
    /// <returns>Whether it was done.</returns>
    public static async Task<bool> RunAsync(ControlPlaneOptions options, TimeProvider time, ILogger log, CancellationToken stop)
    {
        try
        {
            await Task.Delay(After, time, stop);
            await StartOneAsync(options, stop);
            Read(options.Log);
            return true;
        }
        catch (Exception e)
        {
            if (!stop.IsCancellationRequested)
                log.NotRehearsed(e.Message);
            return false;
        }
    }

    private static async Task StartOneAsync(ControlPlaneOptions options, CancellationToken stop)
    {
        using var data = DataFolder.Take(options.Log.Folder);
        var folder = new DirectoryInfo(Path.Combine(data.Path, "rehearsal"));
        // Of a process that was killed in the middle of one.
        if (folder.Exists)
            folder.Delete(recursive: true);
        try
        {
            var alone = new ControlPlaneOptions
            {
                Log = new LogOptions { Folder = folder.FullName },
                ApiPort = 0,
                SystemDomain = options.SystemDomain,
                Telemetry = new TelemetryOptions { ProbeEvery = TimeSpan.Zero },
            };
            await using var control = await ControlPlane.StartAsync(alone, new ControlPlaneSurroundings(), stop);
        }
        finally
        {
            folder.Refresh();
            if (folder.Exists)
                folder.Delete(recursive: true);
        }
    }

    /// <summary>The questions of a start, to the database that it is about.</summary>
    private static void Read(LogOptions log)
    {
        using var engine = new PostgresEngine(log);
        using var reader = engine.OpenReader();
        using var db = ControlDb.On(reader);
        _ = db.Database.GetMigrations().Except(db.Database.GetAppliedMigrations(), StringComparer.Ordinal).Any();
        _ = db.Set<InstallationSecret>().AsNoTracking().FirstOrDefault();
        _ = db.Set<Account>().AsNoTracking().FirstOrDefault();
        _ = db.Set<ApiKey>().AsNoTracking().FirstOrDefault();
        _ = db.Set<User>().AsNoTracking().FirstOrDefault();
        _ = PropertyChanges.Whole(db).AsNoTracking().FirstOrDefault();
    }
}
