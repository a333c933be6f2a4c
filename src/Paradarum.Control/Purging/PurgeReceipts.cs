using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Control.Purging;

/// <summary>What was written when a purge was accepted.</summary>
internal sealed record PurgeRow(
    ulong Position,
    DateTimeOffset AcceptedAt,
    int ItemCount,
    PurgeJobs Jobs,
    ImmutableArray<string> AcceptedNodes,
    ImmutableArray<ReceiptItem> Items
);

/// <summary>Finds the receipt of a purge (contract part 2): its row and record from disk, how far it has come from the fleet.</summary>
internal sealed class PurgeReceipts(LogWriter writer, PurgeProgress progress, TimeProvider time) : IDisposable
{
    private const int MostItemsShown = 100;

    // One connection, one reader at a time; opened when the first receipt is asked for.
    private readonly Lock _gate = new();
    private SqliteConnection? _connection;

    /// <summary>Null when the id is not one of ours, belongs to another property or epoch, or is past retention.</summary>
    public PurgeRow? Find(long propertyId, string purgeId)
    {
        var feed = writer.Feed;
        if (
            !PurgeToken.TryRead(purgeId, feed.PurgeTokenKey.Span, out var token)
            || token.PropertyId != propertyId
            || !string.Equals(token.Epoch, feed.Epoch, StringComparison.Ordinal)
        )
            return null;
        lock (_gate)
        {
            return Read(_connection ??= writer.OpenReader(), propertyId, token.Position);
        }
    }

    /// <summary>The receipt as soon as the purge is complete, or as it stands after <paramref name="wait"/>.</summary>
    public async Task<PurgeReceipt> ReadAsync(string purgeId, PurgeRow row, TimeSpan wait, CancellationToken stop)
    {
        if (wait > TimeSpan.Zero)
            await CompleteOrAsync(row.Position, wait, stop);
        return PurgeReceipt.Of(purgeId, row, progress.ProgressOf(row.Position, row.AcceptedNodes));
    }

    private async Task CompleteOrAsync(ulong position, TimeSpan wait, CancellationToken stop)
    {
        using var over = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stop);
        try
        {
            await progress.WhenCompleteAsync(position, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The wait is over: the receipt says what it is by then.
        }
    }

    private static PurgeRow? Read(SqliteConnection connection, long propertyId, ulong position)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT accepted_at, item_count, shields, pops, hostnames, accepted_nodes, payload
            FROM purges JOIN log_records USING (position) WHERE position = $1 AND property_id = $2
            """;
        command.Parameters.AddWithValue("$1", (long)position);
        command.Parameters.AddWithValue("$2", propertyId);
        using var row = command.ExecuteReader();
        if (!row.Read())
            return null;
        return new PurgeRow(
            position,
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)),
            row.GetInt32(1),
            new PurgeJobs(row.GetInt32(2), row.GetInt32(3), row.GetInt32(4)),
            [.. JsonSerializer.Deserialize<string[]>(row.GetString(5)) ?? []],
            [.. RecordPayload.Parser.ParseFrom(row.GetFieldValue<byte[]>(6)).Purge.Rules.Take(MostItemsShown).Select(ReceiptItem.Of)]
        );
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _connection?.Dispose();
        }
    }
}
