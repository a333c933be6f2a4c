using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Access;

/// <summary>Writes down when keys were last used, all of them together every few seconds and once more at the end: no request waits for it.</summary>
internal sealed class KeyUse(LogWriter writer, KeyRing ring, TimeProvider time, ILogger<KeyUse> log) : BackgroundService
{
    /// <summary>How much of the last use a crash may forget.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<long, long> _written = ring.All.ToDictionary(key => key.Id, key => key.LastUsedAt);

    /// <summary>Writes the uses that are not yet written.</summary>
    internal async Task WriteDownAsync(CancellationToken stop)
    {
        var uses = ring
            .All.Select(key => (key.Id, key.LastUsedAt))
            .Where(use => use.LastUsedAt > _written.GetValueOrDefault(use.Id))
            .ToArray();
        if (uses.Length == 0)
            return;
        await writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                foreach (var (id, lastUsedAt) in uses)
                    db.Set<ApiKey>().Where(key => key.Id == id).ExecuteUpdate(set => set.SetProperty(key => key.LastUsedAt, lastUsedAt));
                return uses.Length;
            },
            stop
        );
        foreach (var (id, lastUsedAt) in uses)
            _written[id] = lastUsedAt;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryWriteDownAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryWriteDownAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the end of the loop; what is left is written in StopAsync
        }
    }

    private async Task TryWriteDownAsync(CancellationToken stop)
    {
        try
        {
            await WriteDownAsync(stop);
        }
        catch (LogUnavailableException e)
        {
            log.UseNotWritten(e);
        }
    }
}
