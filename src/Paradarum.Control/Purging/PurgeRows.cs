using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Google.Protobuf;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Control.Purging;

/// <summary>Which types of instruction a purge holds (contract 1.1): what history is filtered by.</summary>
[Flags]
internal enum PurgeTypes
{
    None = 0,
    All = 1,
    Extension = 2,
    Path = 4,
    Regex = 8,
}

/// <summary>What was written when a purge was accepted.</summary>
internal sealed record PurgeRow(
    ulong Position,
    string AskedBy,
    DateTimeOffset AcceptedAt,
    int ItemCount,
    PurgeJobs Jobs,
    ImmutableArray<string> AcceptedNodes,
    ImmutableArray<ReceiptItem> Items
);

/// <summary>The rows of purges: statements and what they read, no decisions.</summary>
internal static class PurgeRows
{
    /// <summary>Bytes of a record's payload that are read for an item that is to be shown: more than the longest instruction takes.</summary>
    private const int ItemBytes = 8192;

    /// <summary>From the newest on in the index alone, and no further than the page's end.</summary>
    internal static string PositionsOfTypes(SqlDialect sql) =>
        $"""
            SELECT position FROM purges {sql.By("purges_by_property")}
            WHERE property_id = $1 AND position > $2 AND position <= $3 AND types & $4 <> 0
            ORDER BY position DESC LIMIT $5 OFFSET $6
            """;

    /// <summary>In the index alone: 16 ms for 100 000 purges of the property, which retention bounds.</summary>
    internal static string CountOfTypes(SqlDialect sql) =>
        $"SELECT count(*) FROM purges {sql.By("purges_by_property")} WHERE property_id = $1 AND position > $2 AND position <= $3 AND types & $4 <> 0";

    /// <summary>The row of a purge: what its receipt starts from, and its entry in the audit trail (docs/decisions/audit.md).</summary>
    /// <param name="write">Of the record, so that both share a flush.</param>
    /// <param name="acceptedNodes">The nodes that count, as a JSON array.</param>
    public static void Append(
        LogWrite write,
        ulong position,
        (long Id, long AccountId) property,
        AuditActor actor,
        int itemCount,
        PurgeTypes types,
        PurgeJobs jobs,
        string acceptedNodes
    ) =>
        write.Execute(
            """
            INSERT INTO purges (position, property_id, asked_by, accepted_at, item_count, hostnames, shields, pops, accepted_nodes, types,
              account_id, address, request_id, ordinal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
              coalesce((SELECT ordinal FROM purges WHERE property_id = $2 ORDER BY position DESC LIMIT 1), 0) + 1)
            """,
            (long)position,
            property.Id,
            actor.Name,
            write.Now.ToUnixTimeMilliseconds(),
            itemCount,
            jobs.Hostnames,
            jobs.Shields,
            jobs.Pops,
            acceptedNodes,
            (int)types,
            property.AccountId,
            actor.Source.Address,
            actor.Source.RequestId
        );

    public static PurgeTypes TypesOf(ImmutableArray<PurgeRule> rules)
    {
        var types = PurgeTypes.None;
        foreach (var rule in rules)
        {
            types |= rule.Kind switch
            {
                PurgeKind.All => PurgeTypes.All,
                PurgeKind.Extension => PurgeTypes.Extension,
                PurgeKind.Path => PurgeTypes.Path,
                _ => PurgeTypes.Regex,
            };
        }
        return types;
    }

    /// <summary>Null when there is no such purge of the property, or its record is past retention.</summary>
    public static PurgeRow? Find(DbConnection reader, long propertyId, ulong position, int mostItems) =>
        Read(reader, "p.property_id = $1 AND p.position = $2", mostItems, propertyId, (long)position).SingleOrDefault();

    /// <summary>Newest first: at most so many of a property's purges after one position up to another, of any of these types.</summary>
    public static List<PurgeRow> Newest(
        DbConnection reader,
        long propertyId,
        ulong after,
        ulong through,
        PurgeTypes types,
        int skip,
        int most,
        int mostItems
    ) =>
        Read(
            reader,
            $"p.position IN ({PositionsOfTypes(SqlDialect.Of(reader))}) ORDER BY p.position DESC",
            mostItems,
            propertyId,
            (long)after,
            (long)through,
            (int)types,
            most,
            skip
        );

    /// <summary>Oldest first, without their items.</summary>
    public static List<PurgeRow> Oldest(DbConnection reader, long propertyId, ulong after, ulong through, int most) =>
        Read(
            reader,
            "p.property_id = $1 AND p.position > $2 AND p.position <= $3 ORDER BY p.position LIMIT $4",
            mostItems: 0,
            propertyId,
            (long)after,
            (long)through,
            most
        );

    /// <summary>How many there are; looks at every one in the index.</summary>
    public static int Count(DbConnection reader, long propertyId, ulong after, ulong through, PurgeTypes types)
    {
        var count = reader.Scalar(CountOfTypes(SqlDialect.Of(reader)), propertyId, (long)after, (long)through, (int)types);
        return Convert.ToInt32(count, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The last purge of a property at or below a position with its place among all of them; null when there is none.</summary>
    public static (ulong Position, long Ordinal)? LastThrough(DbConnection reader, long propertyId, ulong through) =>
        Edge(reader, "position <= $2 ORDER BY position DESC", propertyId, through);

    /// <summary>The first purge of a property after a position.</summary>
    public static (ulong Position, long Ordinal)? FirstAfter(DbConnection reader, long propertyId, ulong after) =>
        Edge(reader, "position > $2 ORDER BY position", propertyId, after);

    private static (ulong Position, long Ordinal)? Edge(DbConnection reader, string which, long propertyId, ulong position)
    {
        using var command = reader.Command(
            $"SELECT position, ordinal FROM purges {SqlDialect.Of(reader).By("purges_by_property")} WHERE property_id = $1 AND {which} LIMIT 1",
            propertyId,
            (long)position
        );
        using var row = command.ExecuteReader();
        return row.Read() ? ((ulong)row.GetInt64(0), row.GetInt64(1)) : null;
    }

    private static List<PurgeRow> Read(DbConnection reader, string which, int mostItems, params ReadOnlySpan<object?> values)
    {
        // Only as much of a payload as is shown: a batch may hold many megabytes.
        using var command = reader.Command(
            $"""
            SELECT p.position, asked_by, accepted_at, item_count, shields, pops, hostnames, accepted_nodes, substr(payload, 1, {mostItems
                * ItemBytes})
            FROM purges p JOIN log_records r ON r.position = p.position WHERE {which}
            """,
            values
        );
        using var row = command.ExecuteReader();
        var rows = new List<PurgeRow>();
        while (row.Read())
        {
            rows.Add(
                new PurgeRow(
                    (ulong)row.GetInt64(0),
                    row.GetString(1),
                    DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                    row.GetInt32(3),
                    new PurgeJobs(row.GetInt32(4), row.GetInt32(5), row.GetInt32(6)),
                    [.. JsonSerializer.Deserialize<string[]>(row.GetString(7)) ?? []],
                    FirstItems(row.GetFieldValue<byte[]>(8), mostItems)
                )
            );
        }
        return rows;
    }

    /// <summary>The first instructions of a record whose payload may be cut off.</summary>
    internal static ImmutableArray<ReceiptItem> FirstItems(byte[] payload, int most)
    {
        var items = ImmutableArray.CreateBuilder<ReceiptItem>();
        var input = new CodedInputStream(payload);
        try
        {
            // Fields of the record up to its purge, then fields of the purge: its rules.
            var inside = false;
            while (items.Count < most && input.ReadTag() is var tag && tag != 0)
            {
                var field = WireFormat.GetTagFieldNumber(tag);
                if (!inside && field == RecordPayload.PurgeFieldNumber)
                {
                    inside = true;
                    input.ReadLength();
                }
                else if (inside && field == PurgeBody.RulesFieldNumber)
                {
                    var rule = new RuleMessage();
                    input.ReadMessage(rule);
                    items.Add(ReceiptItem.Of(rule));
                }
                else
                    input.SkipLastField();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Cut off here: what is whole is shown.
        }
        return items.ToImmutable();
    }
}
