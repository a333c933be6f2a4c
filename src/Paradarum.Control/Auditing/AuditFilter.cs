using System.Globalization;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Protocol;

namespace Paradarum.Control.Auditing;

/// <summary>An entry's place in the trail: behind the record at <paramref name="Position"/>, and among the entries there. A purge's own place is 0.</summary>
internal readonly record struct AuditId(long Position, long Seq)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Position}-{Seq}");

    public static AuditId? Read(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return
            dash > 0
            && long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? new AuditId(position, seq)
            : null;
    }
}

/// <summary>Which entries are asked for; null where every one is.</summary>
internal sealed record AuditFilter
{
    /// <summary>Whose trail; null for all of the installation, which the operator alone sees.</summary>
    public long? AccountId { get; private init; }

    public string? Type { get; private init; }

    public long? PropertyId { get; private init; }

    public string? Actor { get; private init; }

    public DateTimeOffset? Since { get; private init; }

    /// <summary>Only what came after this entry, oldest first: how the trail is followed.</summary>
    public AuditId? After { get; private init; }

    public static Result<AuditFilter> Parse(Caller caller, IQueryCollection query) =>
        Parse(caller, query["type"], query["property"], query["actor"], query["since"], query["after"]);

    /// <summary>What is empty counts as not asked for.</summary>
    public static Result<AuditFilter> Parse(
        Caller caller,
        string? type,
        string? property,
        string? actor,
        string? since = null,
        string? after = null
    )
    {
        (type, property, actor, since, after) = (Sent(type), Sent(property), Sent(actor), Sent(since), Sent(after));
        var known = type is null ? null : Array.Find(AuditTypes.All, name => string.Equals(name, type, StringComparison.OrdinalIgnoreCase));
        if (type is not null && known is null)
            return Refusal.Malformed(
                $"Type '{Refusal.Quoted(type)}' is not supported. Use {string.Join(", ", AuditTypes.All[..^1])} or {AuditTypes.All[^1]}."
            );
        if (property is not null && PathId.Read(property) == 0)
            return Refusal.Malformed("Property must be the id of a property.");
        DateTimeOffset? from = null;
        if (since is not null)
        {
            if (!TryTime(since, out var time))
                return Refusal.Malformed("Since must be a time such as 2026-01-31T12:00:00Z.");
            from = time;
        }
        AuditId? behind = null;
        if (after is not null && (behind = AuditId.Read(after)) is null)
            return Refusal.Malformed("After must be the id of an entry.");
        return new AuditFilter
        {
            AccountId = caller.IsOperator ? null : caller.AccountId,
            Type = known,
            PropertyId = property is null ? null : PathId.Read(property),
            Actor = actor,
            Since = from,
            After = behind,
        };
    }

    private static string? Sent(string? text) => text is { Length: > 0 } ? text : null;

    private static bool TryTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time
        );
}
