using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;

namespace Paradarum.Control.Auditing;

/// <summary>One entry of the audit trail.</summary>
/// <param name="Id">Its place; what <c>after</c> takes.</param>
/// <param name="Subject">What it is about, by name.</param>
/// <param name="Actor">The key's first 8 characters, the user's e-mail address, <c>operator</c> where the operator changed something of another account, <c>node NAME</c>, <c>system</c> or <c>unknown</c>.</param>
/// <param name="Address">Where the request came from; empty for the control plane itself and for the operator's to other accounts.</param>
/// <param name="RequestId">As in the answer's X-Request-Id.</param>
/// <param name="Before">What differs, as it was; null where there was nothing.</param>
/// <param name="After">The same as it is now. For a purge its first five items.</param>
internal sealed record AuditItem(
    string Id,
    DateTimeOffset At,
    string Type,
    string Action,
    long? PropertyId,
    string Subject,
    string Actor,
    string Address,
    string RequestId,
    JsonElement? Before,
    JsonElement? After
);

/// <summary>What a purge was asked for, as far as the trail shows it.</summary>
internal sealed record AuditedPurge(ImmutableArray<ReceiptItem> Items, int ItemCount);

/// <summary>
/// Reads the trail: its own rows and those of purges, merged by their places, which are both the order in which they were made durable. A page costs as many rows as
/// lie before it; following costs what is new.
/// </summary>
internal sealed class AuditReader(LogReaders readers)
{
    /// <summary>How far a list is counted, and paged. What lies behind is found by <c>since</c> and <c>after</c>.</summary>
    public const int MostCounted = 10_000;

    private const int ItemsShown = 5;
    private const string Operator = "operator";

    public (IReadOnlyList<AuditItem> Items, int Total) Read(Caller caller, AuditFilter filter, PageRequest page) =>
        readers.Read(reader =>
        {
            var total = Count(reader, filter);
            return page.Skip >= total ? ([], total) : (Page(reader, caller, filter, page), total);
        });

    private static int Count(SqliteConnection reader, AuditFilter filter)
    {
        using var command = reader.CreateCommand();
        command.CommandText =
            $"SELECT count(*) FROM (SELECT 1 FROM ({Entries(command, filter)}) LIMIT {MostCounted.ToString(CultureInfo.InvariantCulture)})";
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static List<AuditItem> Page(SqliteConnection reader, Caller caller, AuditFilter filter, PageRequest page)
    {
        using var command = reader.CreateCommand();
        var order = filter.After is null ? "DESC" : "ASC";
        command.CommandText = $"{Entries(command, filter)} ORDER BY 1 {order}, 2 {order} LIMIT $take OFFSET $skip";
        command.Parameters.AddWithValue("$take", page.Size);
        command.Parameters.AddWithValue("$skip", page.Skip);
        using var row = command.ExecuteReader();
        var items = new List<AuditItem>();
        while (row.Read())
            items.Add(Item(reader, caller, row));
        return items;
    }

    /// <summary>Both kinds of rows in one shape; each has an index in the order of the list for every account.</summary>
    private static string Entries(SqliteCommand command, AuditFilter filter)
    {
        const string Own = """
            SELECT position, seq, at, type, action, property_id, subject, actor_account, actor, address, request_id, before, after
            FROM audit WHERE 1 = 1
            """;
        const string OfPurges = """
            SELECT position, 0, accepted_at, 'purge', 'accepted', property_id, '', account_id, asked_by, address, request_id, NULL, item_count
            FROM purges WHERE 1 = 1
            """;
        var own = new StringBuilder(Own);
        var purges = new StringBuilder(OfPurges);
        void Both(string ownCondition, string purgeCondition, string name, object value)
        {
            own.Append(" AND ").Append(ownCondition);
            purges.Append(" AND ").Append(purgeCondition);
            command.Parameters.AddWithValue(name, value);
        }

        if (filter.AccountId is { } account)
            Both("account_id = $account", "account_id = $account", "$account", account);
        if (filter.PropertyId is { } property)
            Both("property_id = $property", "property_id = $property", "$property", property);
        if (filter.Actor is { } actor)
            Both("actor = $actor", "asked_by = $actor", "$actor", actor);
        else
            purges.Append($" AND asked_by <> '{AuditActor.Prober}'"); // thousands a day, which nobody asked for
        if (filter.Since is { } since)
            Both("at >= $since", "accepted_at >= $since", "$since", since.ToUnixTimeMilliseconds());
        if (filter.After is { } after)
        {
            Both("(position, seq) > ($position, $seq)", "position > $position", "$position", after.Position);
            command.Parameters.AddWithValue("$seq", after.Seq);
        }
        if (filter.Type is AuditTypes.Purge)
            return purges.ToString();
        if (filter.Type is not { } type)
            return $"{own} UNION ALL {purges}";
        own.Append(" AND type = $type");
        command.Parameters.AddWithValue("$type", type);
        return own.ToString();
    }

    private static AuditItem Item(SqliteConnection reader, Caller caller, SqliteDataReader row)
    {
        var id = new AuditId(row.GetInt64(0), row.GetInt64(1));
        long? propertyId = row.IsDBNull(5) ? null : row.GetInt64(5);
        // Who works for the operator, and from where, is no customer's business.
        var hidden = !caller.IsOperator && row.GetInt64(7) is var actor && actor != 0 && actor != caller.AccountId;
        return new AuditItem(
            id.ToString(),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
            row.GetString(3),
            row.GetString(4),
            propertyId,
            row.GetString(6),
            hidden ? Operator : row.GetString(8),
            hidden ? "" : row.GetString(9),
            row.GetString(10),
            Json(row, 11),
            id.Seq == 0 ? Purge(reader, propertyId ?? 0, id) : Json(row, 12)
        );
    }

    private static JsonElement? Json(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : JsonSerializer.Deserialize<JsonElement>(row.GetString(column));

    /// <summary>Null when retention has taken the record meanwhile.</summary>
    private static JsonElement? Purge(SqliteConnection reader, long propertyId, AuditId id) =>
        PurgeRows.Find(reader, propertyId, (ulong)id.Position, ItemsShown) is { } purge
            ? JsonSerializer.SerializeToElement(new AuditedPurge(purge.Items, purge.ItemCount), ApiJson.Options)
            : null;
}
