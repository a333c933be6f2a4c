using System.Data.Common;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Paradarum.Control.Api;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Control.Webhooks;

/// <summary>What a receiver reads (docs/formats/webhooks.md).</summary>
internal sealed record Announcement(
    string Id,
    string Event,
    long PropertyId,
    string PurgeId,
    ulong Position,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? CompletedAt,
    string AskedBy,
    int ItemCount,
    long JobCount,
    long Matched,
    int FencedNodes,
    bool Widened,
    bool CountsFinal
);

/// <summary>
/// Queues an announcement for every webhook of a property whose purge is complete, and keeps a runner for each webhook. The queue and how far it has come are written
/// together, so no crash forgets a purge or queues it twice; and only what is complete on disk is looked at.
/// </summary>
internal sealed class WebhookQueue(
    WebhookDirectory directory,
    WebhookSender sender,
    PropertyCatalogue catalogue,
    PurgeProgress progress,
    LogReaders readers,
    LogWriter writer,
    TimeProvider time,
    ILogger<WebhookQueue> log
) : BackgroundService
{
    /// <summary>Deliveries that wait for one webhook.</summary>
    public const int MostWaiting = 10_000;

    private const int AtATime = 256;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, (WebhookRunner Runner, Task Running, CancellationTokenSource Stop)> _runners = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                // Taken before the look: what is shown in between wakes the next round.
                var shown = progress.NextShown;
                await TryQueueAllAsync(stoppingToken);
                await KeepRunnersAsync(stoppingToken);
                using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(shown, directory.Changed.WaitAsync(over.Token));
                await over.CancelAsync();
            }
        }
        finally
        {
            foreach (var (_, running, stop) in _runners.Values)
            {
                await stop.CancelAsync();
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                stop.Dispose();
            }
        }
    }

    private async Task TryQueueAllAsync(CancellationToken stop)
    {
        try
        {
            foreach (var webhook in directory.All)
            {
                if (!catalogue.Current.Properties.ContainsKey(webhook.PropertyId))
                    await directory.ForgetAsync(webhook.Id, stop);
                else
                {
                    while (await QueueAsync(webhook, stop)) { }
                }
            }
        }
        catch (Exception e) when (e is LogUnavailableException or DbException)
        {
            log.NotWritten(e);
            await Task.Delay(RetryAfter, time, stop);
            directory.Changed.Set();
        }
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> QueueAsync(Webhook webhook, CancellationToken stop)
    {
        var complete = progress.Frontiers.Complete;
        var through = directory.Through.GetValueOrDefault(webhook.Id, complete);
        // Most of the time nothing of this property was purged: that is known without asking the database.
        if (complete <= through || !writer.Feed.Positions.TryGetValue(webhook.PropertyId, out var at) || at.LastPurge <= through)
            return false;
        var rows = readers.Read(reader => PurgeRows.Oldest(reader, webhook.PropertyId, through, complete, AtATime));
        var reached = rows.Count == AtATime ? rows[^1].Position : complete;
        if (rows.Count > 0)
        {
            var now = time.GetUtcNow();
            var deliveries = rows.Select(row => Announce(webhook, row, now)).ToList();
            await writer.WriteAsync(
                write =>
                {
                    WebhookStore.Queue(write, webhook.Id, deliveries, reached, MostWaiting);
                    return true;
                },
                stop
            );
            if (_runners.TryGetValue(webhook.Id, out var runner))
                runner.Runner.Queued.Set();
        }
        directory.Through[webhook.Id] = reached;
        return rows.Count == AtATime;
    }

    private Delivery Announce(Webhook webhook, PurgeRow row, DateTimeOffset now)
    {
        var standing = progress.ProgressOf(row.Position, row.AcceptedNodes);
        var id = "msg_" + RandomNumberGenerator.GetHexString(24, lowercase: true);
        var announcement = new Announcement(
            id,
            "purge.complete",
            webhook.PropertyId,
            new PurgeToken(writer.Feed.Epoch, webhook.PropertyId, row.Position).Write(writer.Feed.PurgeTokenKey.Span),
            row.Position,
            row.AcceptedAt,
            standing.CompletedAt,
            row.AskedBy,
            row.ItemCount,
            row.Jobs.Count,
            standing.Matched,
            standing.FencedNodes,
            standing.Widened,
            standing.CountsFinal
        );
        return new Delivery(id, JsonSerializer.SerializeToUtf8Bytes(announcement, ApiJson.Options), now, 0);
    }

    private async Task KeepRunnersAsync(CancellationToken stop)
    {
        foreach (var webhook in directory.All)
        {
            if (_runners.ContainsKey(webhook.Id))
                continue;
            var runner = new WebhookRunner(webhook, sender, readers, writer, time, log);
            var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _runners.Add(webhook.Id, (runner, Task.Run(() => runner.RunAsync(ending.Token), CancellationToken.None), ending));
        }
        foreach (var (id, (_, running, ending)) in _runners.Where(one => !directory.Contains(one.Key)).ToList())
        {
            await ending.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ending.Dispose();
            _runners.Remove(id);
        }
    }
}
