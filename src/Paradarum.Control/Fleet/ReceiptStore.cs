using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>The rows that receipts are made of: completions, acknowledgements, counts. Statements only; written inside the log's writer, kept as long as the log.</summary>
internal static class ReceiptStore
{
    /// <summary>Rows of each kind that a start reads; older ones are looked up when asked for.</summary>
    private const int MostRemembered = 4096;

    /// <summary>Ranges in the rows of acknowledgements that a start reads: each row has one of every node, and others wait for the start.</summary>
    private const int MostRanges = 1 << 16;

    public static ImmutableArray<AckRange> NewestAcks(LogWrite write)
    {
        var ranges = ImmutableArray.CreateBuilder<AckRange>();
        var (rows, largest, below) = (0, MostRanges / 8, long.MaxValue);
        while (rows < MostRemembered && ranges.Count < MostRanges)
        {
            var page = write.Query(
                "SELECT through, ranges FROM fleet_acks WHERE through < $1 ORDER BY through DESC LIMIT $2",
                row => (Through: row.GetInt64(0), Ranges: ReadRanges(row.GetString(1))),
                below,
                Math.Clamp((MostRanges - ranges.Count) / largest, 1, MostRemembered - rows)
            );
            if (page.Count == 0)
                break;
            (rows, below) = (rows + page.Count, page[^1].Through);
            largest = Math.Max(1, page.Max(row => row.Ranges.Length));
            foreach (var row in page)
                ranges.AddRange(row.Ranges);
        }
        return ranges.DrainToImmutable();
    }

    public static ImmutableArray<KeyValuePair<CountKey, PurgeCount>> NewestCounts(LogWrite write) =>
        [
            .. write.Query(
                "SELECT position, node_id, objects, bytes, reclaimed_objects, reclaimed_bytes, widened, final FROM fleet_counts ORDER BY position DESC LIMIT $1",
                ReadCount,
                MostRemembered
            ),
        ];

    public static void Save(LogWrite write, FleetNews news)
    {
        foreach (var range in news.Completed)
            write.Execute(
                "INSERT INTO fleet_completions (through, completed_at, fenced) VALUES ($1, $2, $3) ON CONFLICT (through) DO NOTHING",
                (long)range.Through,
                range.At.ToUnixTimeMilliseconds(),
                JsonSerializer.Serialize(range.FencedNodes)
            );
        if (news.Completed.Count > 0)
        {
            FleetStore.SetMeta(write, "complete_through", FleetStore.Text(news.Completed[^1].Through));
            // Something is complete, so all that a restore has to wait for is over.
            write.Execute("UPDATE fleet_meta SET value = '0' WHERE name IN ('restored', 'promoted') AND value = '1'");
        }
        if (news.Acks.Count > 0)
            SaveAcks(write, news.Acks);
        foreach (var (key, count) in news.Counts)
        {
            // Most purges remove nothing on most nodes: that is remembered, not written.
            if (count is { Objects: > 0 } or { ReclaimedObjects: > 0 } or { Widened: true })
                SaveCount(write, key, count);
        }
        foreach (var node in news.Found)
            FleetStore.SaveFound(write, node);
        if (news.Advanced.Count > 0)
            FleetStore.SaveProgress(write, news.Advanced);
        FleetStore.SetMeta(write, "shield_frontier", FleetStore.Text(news.ShieldFrontier));
        FleetStore.SetMeta(write, "pop_frontier", FleetStore.Text(news.PopFrontier));
    }

    /// <summary>Forgets what belongs to records that retention has dropped.</summary>
    public static void ForgetThrough(LogWrite write, ulong tail)
    {
        write.Execute("DELETE FROM fleet_completions WHERE through <= $1", (long)tail);
        write.Execute("DELETE FROM fleet_acks WHERE through <= $1", (long)tail);
        write.Execute("DELETE FROM fleet_counts WHERE position <= $1", (long)tail);
    }

    /// <summary>The range that holds a position which is no longer remembered.</summary>
    public static Completed? FindCompleted(DbConnection reader, ulong position) =>
        reader
            .Rows(
                "SELECT through, completed_at, fenced FROM fleet_completions WHERE through >= $1 ORDER BY through LIMIT 1",
                row => ReadCompleted(row, position - 1),
                (long)position
            )
            .FirstOrDefault();

    public static IEnumerable<AckRange> FindAcks(DbConnection reader, ulong position) =>
        reader
            .Rows(
                "SELECT ranges FROM fleet_acks WHERE through >= $1 AND after < $1 ORDER BY through LIMIT 64",
                row => ReadRanges(row.GetString(0)),
                (long)position
            )
            .SelectMany(ranges => ranges);

    public static IReadOnlyDictionary<CountKey, PurgeCount> FindCounts(DbConnection reader, ulong position) =>
        reader
            .Rows(
                "SELECT position, node_id, objects, bytes, reclaimed_objects, reclaimed_bytes, widened, final FROM fleet_counts WHERE position = $1",
                ReadCount,
                (long)position
            )
            .ToDictionary();

    private static void SaveAcks(LogWrite write, IReadOnlyList<AckRange> acks)
    {
        var through = (long)acks.Max(range => range.Through);
        var written = write.Query("SELECT count(*) FROM fleet_acks WHERE through = $1", row => row.GetInt64(0), through)[0];
        write.Execute(
            "INSERT INTO fleet_acks (through, written, after, ranges) VALUES ($1, $2, $3, $4)",
            through,
            written,
            (long)acks.Min(range => range.After),
            JsonSerializer.Serialize(acks)
        );
    }

    private static void SaveCount(LogWrite write, CountKey key, PurgeCount count) =>
        write.Execute(
            """
            INSERT INTO fleet_counts (position, node_id, objects, bytes, reclaimed_objects, reclaimed_bytes, widened, final)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (position, node_id) DO UPDATE SET
              objects = CASE WHEN excluded.objects > fleet_counts.objects THEN excluded.objects ELSE fleet_counts.objects END,
              bytes = CASE WHEN excluded.bytes > fleet_counts.bytes THEN excluded.bytes ELSE fleet_counts.bytes END,
              reclaimed_objects = CASE WHEN excluded.reclaimed_objects > fleet_counts.reclaimed_objects THEN excluded.reclaimed_objects ELSE fleet_counts.reclaimed_objects END,
              reclaimed_bytes = CASE WHEN excluded.reclaimed_bytes > fleet_counts.reclaimed_bytes THEN excluded.reclaimed_bytes ELSE fleet_counts.reclaimed_bytes END,
              widened = CASE WHEN fleet_counts.widened = 1 THEN 1 ELSE excluded.widened END,
              final = excluded.final
              WHERE fleet_counts.final = 0
            """,
            (long)key.Position,
            key.NodeId,
            count.Objects,
            count.Bytes,
            count.ReclaimedObjects,
            count.ReclaimedBytes,
            count.Widened ? 1 : 0,
            count.Final ? 1 : 0
        );

    public static List<Completed> NewestCompleted(LogWrite write)
    {
        var newestFirst = write.Query(
            "SELECT through, completed_at, fenced FROM fleet_completions ORDER BY through DESC LIMIT $1",
            row => ReadCompleted(row, 0),
            MostRemembered
        );
        newestFirst.Reverse();
        // The first one's beginning is not known here: it only holds its own position for certain.
        for (var i = 0; i < newestFirst.Count; i++)
            newestFirst[i] = newestFirst[i] with { After = i == 0 ? newestFirst[i].Through - 1 : newestFirst[i - 1].Through };
        return newestFirst;
    }

    private static Completed ReadCompleted(DbDataReader row, ulong after) =>
        new(
            after,
            (ulong)row.GetInt64(0),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
            [.. JsonSerializer.Deserialize<string[]>(row.GetString(2)) ?? []]
        );

    private static AckRange[] ReadRanges(string text) => JsonSerializer.Deserialize<AckRange[]>(text) ?? [];

    private static KeyValuePair<CountKey, PurgeCount> ReadCount(DbDataReader row) =>
        KeyValuePair.Create(
            new CountKey((ulong)row.GetInt64(0), row.GetString(1)),
            new PurgeCount
            {
                Position = (ulong)row.GetInt64(0),
                Objects = row.GetInt64(2),
                Bytes = row.GetInt64(3),
                ReclaimedObjects = row.GetInt64(4),
                ReclaimedBytes = row.GetInt64(5),
                Widened = row.GetInt64(6) != 0,
                Final = row.GetInt64(7) != 0,
            }
        );
}
