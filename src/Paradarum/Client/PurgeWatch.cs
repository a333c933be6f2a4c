namespace Paradarum.Client;

/// <summary>Follows a purge until it is complete: by its events where the API has them, else by asking again.</summary>
internal sealed class PurgeWatch(PurgeApi api, string receipt, TimeProvider time)
{
    /// <summary>A held request shows news late; this is how late at most.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Receipts read for events; a purge that thousands of nodes apply must not be asked for thousands of times.</summary>
    private static readonly TimeSpan NotOfterThan = TimeSpan.FromMilliseconds(100);

    /// <summary>Hands every receipt that was read to <paramref name="show"/>; the last one is complete.</summary>
    public async Task<ReceiptData> UntilCompleteAsync(Action<ReceiptData> show, CancellationToken stop)
    {
        var last = await ReadAsync(TimeSpan.Zero);
        if (!last.IsComplete && await api.EventsAsync(receipt, stop) is { } events)
            last = await FollowAsync(events, last);
        // Also after a stream that broke off, or that ended before the purge did.
        while (!last.IsComplete)
            last = await ReadAsync(AskEvery);
        return last;

        async Task<ReceiptData> ReadAsync(TimeSpan wait)
        {
            var read = await api.ReceiptAsync(receipt, wait, stop);
            show(read);
            return read;
        }

        async Task<ReceiptData> FollowAsync(IAsyncEnumerable<string> names, ReceiptData read)
        {
            var readAt = time.GetTimestamp();
            try
            {
                await foreach (var name in names)
                {
                    if (name != "complete" && time.GetElapsedTime(readAt) < NotOfterThan)
                        continue;
                    read = await ReadAsync(TimeSpan.Zero);
                    readAt = time.GetTimestamp();
                    if (read.IsComplete)
                        break;
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                // The stream broke off: the caller asks again.
            }
            return read;
        }
    }
}
