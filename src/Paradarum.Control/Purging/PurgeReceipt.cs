using System.Collections.Immutable;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Purging;

/// <summary>One instruction as it is applied: the canonical value, not the text that was sent.</summary>
internal sealed record ReceiptItem(string Type, string? Value, string? MatchType)
{
    public static ReceiptItem Of(RuleMessage rule) =>
        rule.Kind switch
        {
            RuleKind.All => new("All", null, null),
            RuleKind.Extension => new("Extension", rule.Value, null),
            RuleKind.Path => new("Path", rule.Value, null),
            RuleKind.Equals => new("Regex", rule.Value, "equals"),
            RuleKind.Contains => new("Regex", rule.Value, "contains"),
            RuleKind.StartsWith => new("Regex", rule.Value, "starts_with"),
            RuleKind.EndsWith => new("Regex", rule.Value, "ends_with"),
            RuleKind.Regex => new("Regex", rule.Value, "regex"),
            _ => new("All", null, null), // a newer version's rule: nodes that do not know it take it as All
        };

    public static RuleMessage ToRule(ReceiptItem item) =>
        new()
        {
            Kind = (item.Type, item.MatchType) switch
            {
                ("Extension", _) => RuleKind.Extension,
                ("Path", _) => RuleKind.Path,
                (_, "equals") => RuleKind.Equals,
                (_, "contains") => RuleKind.Contains,
                (_, "starts_with") => RuleKind.StartsWith,
                (_, "ends_with") => RuleKind.EndsWith,
                ("Regex", _) => RuleKind.Regex,
                _ => RuleKind.All,
            },
            Value = item.Value ?? "",
        };
}

internal sealed record ReceiptNode(
    string Id,
    string Name,
    string Role,
    string State,
    DateTimeOffset? AppliedAt,
    long Objects,
    long Bytes,
    long ReclaimedObjects,
    long ReclaimedBytes
);

/// <summary>A pattern that matched nothing, with what was probably meant.</summary>
internal sealed record NearMiss(string Path, string Hint);

/// <summary>The <c>data</c> of a receipt (contract part 2).</summary>
internal sealed record PurgeReceipt(
    string PurgeId,
    ulong Position,
    string State,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? CompletedAt,
    ImmutableArray<ReceiptItem> Items,
    int ItemCount,
    long JobCount,
    long JobsDone,
    long Matched,
    int FencedNodes,
    bool Widened,
    bool CountsFinal,
    ImmutableArray<NearMiss> NearMisses,
    ImmutableArray<ReceiptNode> PerNode
)
{
    public static string StateName(PurgeState state) => HistoryFilter.StateNames[(int)state];

    public static PurgeReceipt Of(string purgeId, PurgeRow row, PurgeStanding standing, ImmutableArray<NearMiss> nearMisses) =>
        new(
            purgeId,
            row.Position,
            StateName(standing.State),
            row.AcceptedAt,
            standing.CompletedAt,
            row.Items,
            row.ItemCount,
            row.Jobs.Count,
            row.Jobs.Of(standing.AcceptedDone),
            standing.Matched,
            standing.FencedNodes,
            standing.Widened,
            standing.CountsFinal,
            nearMisses,
            [.. standing.Nodes.Select(Line)]
        );

    public static ReceiptNode Line(NodeProgress node) =>
        new(
            node.Id,
            node.Name,
            node.Role == NodeRole.Shield ? "shield" : "pop",
            node.State switch
            {
                NodeProgressState.Pending => "pending",
                NodeProgressState.Owed => "owed",
                NodeProgressState.Fenced => "fenced",
                _ => "applied",
            },
            node.AppliedAt,
            node.Objects,
            node.Bytes,
            node.ReclaimedObjects,
            node.ReclaimedBytes
        );
}
