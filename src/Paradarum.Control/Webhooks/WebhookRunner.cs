using System.Data.Common;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Webhooks;

/// <summary>
/// Delivers to one webhook for as long as there is one: oldest due first, a few at a time, what became of each on disk before the next. Runners share nothing but the disk,
/// so a receiver that is slow or dead delays its own deliveries alone. A crash between an answer and its row sends that delivery again, under the same id.
/// </summary>
internal sealed class WebhookRunner(
    Webhook webhook,
    WebhookSender sender,
    LogReaders readers,
    LogWriter writer,
    TimeProvider time,
    ILogger log
)
{
    private const int AtATime = 4;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>Something was queued.</summary>
    public Wake Queued { get; } = new();

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var (due, next) = readers.Read(reader =>
                    (WebhookStore.Due(reader, webhook.Id, time.GetUtcNow(), AtATime), WebhookStore.NextDue(reader, webhook.Id))
                );
                if (due.Count > 0)
                    await AttemptAsync(due, stop);
                else
                    await Queued.WaitAsync(UntilNext(next), time, stop);
            }
            catch (Exception e) when (e is LogUnavailableException or DbException)
            {
                log.NotWritten(e);
                await Task.Delay(RetryAfter, time, stop);
            }
        }
    }

    private async Task AttemptAsync(List<Delivery> due, CancellationToken stop)
    {
        var results = await Task.WhenAll(due.Select(delivery => sender.SendAsync(webhook, delivery, stop)));
        await writer.WriteAsync(
            write =>
            {
                for (var i = 0; i < due.Count; i++)
                    WebhookStore.Attempted(write, webhook.Id, due[i], results[i]);
                return true;
            },
            stop
        );
        foreach (var result in results)
        {
            if (!result.IsDelivered)
                log.NotDelivered(webhook.Id, webhook.PropertyId, result.Text);
        }
    }

    private TimeSpan UntilNext(DateTimeOffset? next)
    {
        var wait = next - time.GetUtcNow() ?? LongestWait;
        return wait < LongestWait ? wait : LongestWait;
    }
}
