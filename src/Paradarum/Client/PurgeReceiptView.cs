using System.Globalization;

namespace Paradarum.Client;

/// <summary>What the client reads of an answer to a purge (contract 1.1, 1.2).</summary>
internal sealed record AcceptedData(string PurgeId, long JobCount, IReadOnlyList<AcceptedData.RejectedItem>? Rejected)
{
    internal sealed record RejectedItem(int Index, string Reason);
}

/// <summary>What the client reads of a receipt (contract part 2).</summary>
internal sealed record ReceiptData(
    ulong Position,
    string State,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? CompletedAt,
    long JobCount,
    long JobsDone,
    long Matched,
    int FencedNodes,
    bool Widened,
    IReadOnlyList<ReceiptData.Miss>? NearMisses,
    IReadOnlyList<ReceiptData.Node> PerNode
)
{
    internal sealed record Node(string Id, string Name, string Role, string State, long Objects);

    internal sealed record Miss(string Path, string Hint);

    public bool IsComplete => State == "complete";

    public static string Objects(long count) => count == 1 ? "1 object" : string.Create(CultureInfo.InvariantCulture, $"{count} objects");

    /// <summary>The last line of a wait.</summary>
    public string Summary()
    {
        var took = (CompletedAt - AcceptedAt)?.TotalSeconds;
        var fenced = FencedNodes > 0 ? $", {FencedNodes} of the nodes fenced: they serve nothing old when they are back" : "";
        var widened = Widened ? ", widened to everything of the property on at least one node" : "";
        return $"complete after {took:0.000} s: {Objects(Matched)} removed{fenced}{widened}";
    }
}

/// <summary>An answer in the envelope.</summary>
internal sealed record AnswerOf<T>(bool Succeeded, string? Message, T? Data, int TotalPages = 0);

internal sealed record PropertyData(long Id, string Name);
