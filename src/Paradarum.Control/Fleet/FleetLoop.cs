using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Fleet;

/// <summary>
/// For the life of the process: tells the desk where the durable head is and what time does, and makes durable what it decided before anyone hears of it.
/// </summary>
internal sealed class FleetLoop(FleetDesk desk, LogWriter writer, TimeProvider time, ILogger<FleetLoop> log) : BackgroundService
{
    /// <summary>How long acknowledgements and counts may wait for others, and be late in receipts, when nothing became complete.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);

    /// <summary>How often to look at the time whatever is known: a node that just came may bring an earlier instant.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    private ulong _forgottenThrough;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task[] both = [FollowHeadAsync(over.Token), PersistAsync(over.Token)];
        // One without the other would take purges and complete none.
        var first = await Task.WhenAny(both);
        await over.CancelAsync();
        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task FollowHeadAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var head = desk.Feed.Head.Position;
            desk.HeadMoved(head);
            await desk.Feed.WaitBeyondAsync(head, stop);
        }
    }

    private async Task PersistAsync(CancellationToken stop)
    {
        long? newsSince = null;
        long? wroteAt = null;
        var lookAfter = TimeSpan.Zero;
        var lookedAt = time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            // Looking at the time costs something for every node, so it is done when it is due and not after every event.
            var untilLook = lookAfter - time.GetElapsedTime(lookedAt);
            if (untilLook <= TimeSpan.Zero)
            {
                untilLook = lookAfter = Shorter(desk.Tick() ?? Idle, Idle);
                lookedAt = time.GetTimestamp();
            }
            var wait = untilLook;
            var (any, urgent) = desk.HasNews();
            if (any)
            {
                newsSince ??= time.GetTimestamp();
                var due =
                    !urgent ? Gathering - time.GetElapsedTime(newsSince.Value)
                    // Under load hundreds of ranges a second would each cost a dozen statements in the groups that purges wait for.
                    : wroteAt is { } before ? desk.NewsEvery - time.GetElapsedTime(before)
                    : TimeSpan.Zero;
                if (due <= TimeSpan.Zero)
                {
                    (newsSince, wroteAt) = (null, time.GetTimestamp());
                    await WriteAsync(stop);
                    continue;
                }
                wait = Shorter(wait, due);
            }
            await desk.Loop.WaitAsync(wait, time, stop);
        }
    }

    /// <summary>Tries until it is durable: what was decided stays decided, but nobody hears "complete" before.</summary>
    private async Task WriteAsync(CancellationToken stop)
    {
        if (desk.TakeNews() is not { } news)
            return;
        var tail = desk.Feed.Tail;
        while (true)
        {
            try
            {
                await writer.WriteAsync(write => Save(write, news, tail), stop);
                break;
            }
            catch (LogUnavailableException e)
            {
                log.NewsNotWritten(e);
                // Once the writer is over, trying again would only be said again, until this is stopped.
                await Task.Delay(writer.Over.IsCompleted ? Timeout.InfiniteTimeSpan : RetryAfter, time, stop);
            }
        }
        _forgottenThrough = tail;
        desk.Persisted(news);
    }

    private bool Save(LogWrite write, FleetNews news, ulong tail)
    {
        ReceiptStore.Save(write, news);
        if (tail > _forgottenThrough)
            ReceiptStore.ForgetThrough(write, tail);
        return true;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
