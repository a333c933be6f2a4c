using System.Collections.Immutable;
using System.Data.Common;
using Microsoft.Extensions.Primitives;
using Paradarum.Control.Api;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Control.Purging;

/// <summary>One purge in the history.</summary>
/// <param name="AskedBy">The key's first 8 characters, the user's e-mail address, or <c>system</c>.</param>
/// <param name="Items">The first five.</param>
internal sealed record PurgeListItem(
    string PurgeId,
    ulong Position,
    string State,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? CompletedAt,
    string AskedBy,
    ImmutableArray<ReceiptItem> Items,
    int ItemCount,
    long JobCount
);

/// <summary>Which purges are asked for; null where every one is.</summary>
internal readonly record struct HistoryFilter(PurgeTypes? Types, PurgeState? State)
{
    public static readonly string[] TypeNames = ["All", "Extension", "Path", "Regex"];
    public static readonly string[] StateNames = ["queued", "shields", "pops", "complete"];

    public static Result<HistoryFilter> Parse(StringValues type, StringValues state)
    {
        if (!Index("Type", type, TypeNames).Ok(out var types, out var refusal))
            return refusal;
        if (!Index("State", state, StateNames).Ok(out var states, out refusal))
            return refusal;
        return new HistoryFilter(types is { } bit ? (PurgeTypes)(1 << bit) : null, states is { } rank ? (PurgeState)rank : null);
    }

    private static Result<int?> Index(string name, StringValues sent, string[] names)
    {
        if (sent.Count == 0)
            return (int?)null;
        var text = sent.Count == 1 ? sent[0] ?? "" : sent.ToString();
        var index = Array.FindIndex(names, known => string.Equals(known, text, StringComparison.OrdinalIgnoreCase));
        return index >= 0
            ? index
            : Refusal.Malformed($"{name} '{Refusal.Quoted(text)}' is not supported. Use {string.Join(", ", names[..^1])} or {names[^1]}.");
    }
}

/// <summary>
/// The purges of a property, newest first (contract part 2). A page costs the same however many there are: each row knows its place among the property's purges, and
/// states are ranges of positions. Only a filter by type looks at every entry of the index.
/// </summary>
internal sealed class PurgeHistory(LogReaders readers, LogFeed feed, PurgeProgress progress)
{
    private const int ItemsShown = 5;
    private const PurgeTypes AnyType = PurgeTypes.All | PurgeTypes.Extension | PurgeTypes.Path | PurgeTypes.Regex;

    public PageAnswer<PurgeListItem> Read(long propertyId, HistoryFilter filter, PageRequest page)
    {
        var frontiers = progress.Frontiers;
        var (after, through) = RangeOf(filter.State, frontiers);
        var (rows, total) = readers.Read(reader =>
            filter.Types is { } types
                ? ReadTypes(reader, propertyId, after, through, types, page)
                : ReadAny(reader, propertyId, after, through, page)
        );
        return Answer.Page("Purges retrieved successfully.", page, [.. rows.Select(row => Item(propertyId, row, frontiers))], total);
    }

    /// <summary>Counted and listed up to the newest purge of one moment: what is asked for between the two statements is for the next reader.</summary>
    private static (List<PurgeRow> Rows, int Total) ReadTypes(
        DbConnection reader,
        long propertyId,
        ulong after,
        ulong through,
        PurgeTypes types,
        PageRequest page
    )
    {
        if (PurgeRows.LastThrough(reader, propertyId, through) is not { } last)
            return ([], 0);
        return (
            PurgeRows.Newest(reader, propertyId, after, last.Position, types, page.Skip, page.Size, ItemsShown),
            PurgeRows.Count(reader, propertyId, after, last.Position, types)
        );
    }

    /// <summary>Counted by the rows' places; a page far from the newest is found by halving.</summary>
    private static (List<PurgeRow> Rows, int Total) ReadAny(
        DbConnection reader,
        long propertyId,
        ulong after,
        ulong through,
        PageRequest page
    )
    {
        if (PurgeRows.LastThrough(reader, propertyId, through) is not { } last || last.Position <= after)
            return ([], 0);
        // Retention may have dropped them all since.
        if (PurgeRows.FirstAfter(reader, propertyId, after) is not { } first)
            return ([], 0);
        var total = (int)(last.Ordinal - first.Ordinal + 1);
        if (page.Skip >= total)
            return ([], total);
        var newest = last.Ordinal - page.Skip;
        var (low, high) = (first.Position, last.Position);
        while (page.Skip > 0 && low < high)
        {
            // Positions are shared with other properties: the middle one may be nobody's, so the purge at or below it is looked at.
            var middle = low + ((high - low) / 2);
            if (PurgeRows.LastThrough(reader, propertyId, middle) is { } known && known.Ordinal >= newest)
                high = known.Position;
            else
                low = middle + 1;
        }
        return (PurgeRows.Newest(reader, propertyId, after, high, AnyType, 0, page.Size, ItemsShown), total);
    }

    private static (ulong After, ulong Through) RangeOf(PurgeState? state, PurgeFrontiers frontiers) =>
        state switch
        {
            null => (0, long.MaxValue),
            PurgeState.Complete => (0, frontiers.Complete),
            PurgeState.Pops => (frontiers.Complete, frontiers.Pops),
            PurgeState.Shields => (frontiers.Pops, frontiers.Shields),
            _ => (frontiers.Shields, long.MaxValue),
        };

    private PurgeListItem Item(long propertyId, PurgeRow row, PurgeFrontiers frontiers)
    {
        var state = frontiers.StateOf(row.Position);
        return new PurgeListItem(
            new PurgeToken(feed.Epoch, propertyId, row.Position).Write(feed.PurgeTokenKey.Span),
            row.Position,
            PurgeReceipt.StateName(state),
            row.AcceptedAt,
            state == PurgeState.Complete ? progress.CompletedAt(row.Position) : null,
            row.AskedBy,
            row.Items,
            row.ItemCount,
            row.Jobs.Count
        );
    }
}
