using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Control.Purging;

/// <summary>Finds the receipt of a purge (contract part 2): its row and record from disk, how far it has come from the fleet.</summary>
internal sealed class PurgeReceipts(
    LogReaders readers,
    LogFeed feed,
    PurgeProgress progress,
    PurgePreview preview,
    IHostApplicationLifetime host,
    TimeProvider time
)
{
    private const int MostItemsShown = 100;

    /// <summary>Null when the id is not one of ours, belongs to another property or epoch, or is past retention.</summary>
    public PurgeRow? Find(long propertyId, string purgeId)
    {
        if (
            !PurgeToken.TryRead(purgeId, feed.PurgeTokenKey.Span, out var token)
            || token.PropertyId != propertyId
            || !feed.IsOfThisLog(token.Epoch, token.Position)
        )
            return null;
        return readers.Read(reader => PurgeRows.Find(reader, propertyId, token.Position, MostItemsShown));
    }

    /// <summary>The receipt as soon as the purge is complete, or as it stands after <paramref name="wait"/>.</summary>
    public async Task<PurgeReceipt> ReadAsync(long propertyId, string purgeId, PurgeRow row, TimeSpan wait, CancellationToken stop)
    {
        if (wait > TimeSpan.Zero)
            await CompleteOrAsync(row.Position, wait, stop);
        var standing = progress.ProgressOf(row.Position, row.AcceptedNodes);
        // Asked anew at each reading: it says what is stored now.
        var nearMisses = standing is { State: PurgeState.Complete, Matched: 0 }
            ? await preview.NearMissesAsync(propertyId, row.Items, stop)
            : [];
        return PurgeReceipt.Of(purgeId, row, standing, nearMisses);
    }

    private async Task CompleteOrAsync(ulong position, TimeSpan wait, CancellationToken stop)
    {
        using var over = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stop, host.ApplicationStopping);
        try
        {
            await progress.WhenCompleteAsync(position, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The wait is over, or the control plane stops: the receipt says what it is by then.
        }
    }
}
