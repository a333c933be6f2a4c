using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
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

    private static int Count(DbConnection reader, AuditFilter filter)
    {
        var values = new List<object?>();
        var entries = Entries(values, filter);
        values.Add(MostCounted);
        var count = reader.Scalar(
            $"SELECT count(*) FROM (SELECT 1 FROM ({entries}) AS entries LIMIT ${values.Count}) AS counted",
            [.. values]
        );
        return Convert.ToInt32(count, CultureInfo.InvariantCulture);
    }

    private static List<AuditItem> Page(DbConnection reader, Caller caller, AuditFilter filter, PageRequest page)
    {
        var order = filter.After is null ? "DESC" : "ASC";
        var values = new List<object?>();
        var entries = Entries(values, filter);
        values.AddRange([page.Size, page.Skip]);
        return
        [
            .. reader
                .Rows($"{entries} ORDER BY 1 {order}, 2 {order} LIMIT ${values.Count - 1} OFFSET ${values.Count}", Entry.Of, [.. values])
                .Select(entry => Item(reader, caller, entry)),
        ];
    }

    /// <summary>Both kinds of rows in one shape; each has an index in the order of the list for every account.</summary>
    private static string Entries(List<object?> values, AuditFilter filter)
    {
        const string Own = """
            SELECT position, seq, at, type, action, property_id, subject, actor_account, actor, address, request_id, before, after
            FROM audit WHERE 1 = 1
            """;
        const string OfPurges = """
            SELECT position, 0, accepted_at, 'purge', 'accepted', property_id, '', account_id, asked_by, address, request_id, NULL, CAST(item_count AS TEXT)
            FROM purges WHERE 1 = 1
            """;
        var own = new StringBuilder(Own);
        var purges = new StringBuilder(OfPurges);
        void Both(string ownColumn, string purgeColumn, string comparison, object value)
        {
            values.Add(value);
            own.Append(CultureInfo.InvariantCulture, $" AND {ownColumn} {comparison} ${values.Count}");
            purges.Append(CultureInfo.InvariantCulture, $" AND {purgeColumn} {comparison} ${values.Count}");
        }

        if (filter.AccountId is { } account)
            Both("account_id", "account_id", "=", account);
        if (filter.PropertyId is { } property)
            Both("property_id", "property_id", "=", property);
        if (filter.Actor is { } actor)
            Both("actor", "asked_by", "=", actor);
        else
            purges.Append($" AND asked_by <> '{AuditActor.Prober}'"); // thousands a day, which nobody asked for
        if (filter.Since is { } since)
            Both("at", "accepted_at", ">=", since.ToUnixTimeMilliseconds());
        if (filter.After is { } after)
        {
            values.AddRange([after.Position, after.Seq]);
            var (at, seq) = (values.Count - 1, values.Count);
            own.Append(CultureInfo.InvariantCulture, $" AND (position, seq) > (${at}, ${seq})");
            purges.Append(CultureInfo.InvariantCulture, $" AND position > ${at}");
        }
        if (filter.Type is AuditTypes.Purge)
            return purges.ToString();
        if (filter.Type is not { } type)
            return $"{own} UNION ALL {purges}";
        values.Add(type);
        return own.Append(CultureInfo.InvariantCulture, $" AND type = ${values.Count}").ToString();
    }

    private static AuditItem Item(DbConnection reader, Caller caller, Entry entry)
    {
        // Who works for the operator, and from where, is no customer's business.
        var hidden = !caller.IsOperator && entry.ActorAccount != 0 && entry.ActorAccount != caller.AccountId;
        return new AuditItem(
            entry.Id.ToString(),
            entry.At,
            entry.Type,
            entry.Action,
            entry.PropertyId,
            entry.Subject,
            hidden ? Operator : entry.Actor,
            hidden ? "" : entry.Address,
            entry.RequestId,
            Json(entry.Before),
            entry.Id.Seq == 0 ? Purge(reader, entry.PropertyId ?? 0, entry.Id) : Json(entry.After)
        );
    }

    private static JsonElement? Json(string? text) => text is null ? null : JsonSerializer.Deserialize<JsonElement>(text);

    /// <summary>Null when retention has taken the record meanwhile.</summary>
    private static JsonElement? Purge(DbConnection reader, long propertyId, AuditId id) =>
        PurgeRows.Find(reader, propertyId, (ulong)id.Position, ItemsShown) is { } purge
            ? JsonSerializer.SerializeToElement(new AuditedPurge(purge.Items, purge.ItemCount), ApiJson.Options)
            : null;

    /// <summary>A row of <see cref="Entries"/>. All of a page is read before the purges are looked up: a connection to PostgreSQL answers one question at a time.</summary>
    private sealed record Entry(
        AuditId Id,
        DateTimeOffset At,
        string Type,
        string Action,
        long? PropertyId,
        string Subject,
        long ActorAccount,
        string Actor,
        string Address,
        string RequestId,
        string? Before,
        string? After
    )
    {
        public static Entry Of(DbDataReader row) =>
            new(
                new AuditId(row.GetInt64(0), row.GetInt64(1)),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                row.GetString(3),
                row.GetString(4),
                row.IsDBNull(5) ? null : row.GetInt64(5),
                row.GetString(6),
                row.GetInt64(7),
                row.GetString(8),
                row.GetString(9),
                row.GetString(10),
                row.IsDBNull(11) ? null : row.GetString(11),
                row.IsDBNull(12) ? null : row.GetString(12)
            );
    }
}
