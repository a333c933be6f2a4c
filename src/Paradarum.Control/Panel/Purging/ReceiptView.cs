using Paradarum.Control.Purging;

namespace Paradarum.Control.Panel.Purging;

/// <summary>A receipt in words and colours.</summary>
internal static class ReceiptView
{
    public static IReadOnlyList<TravelNode> Nodes(PurgeReceipt receipt) =>
        [.. receipt.PerNode.Select(node => new TravelNode(node.Name, node.Role == "shield", Tone(receipt, node), Line(receipt, node)))];

    public static string Tone(PurgeReceipt receipt, ReceiptNode node) =>
        node.State switch
        {
            "applied" => "good",
            "fenced" => "bad",
            // No PoP is sent the purge before every live shield has it (G3).
            _ when node.Role == "pop" && receipt.State is "queued" or "shields" => "",
            _ => "busy",
        };

    public static string Line(PurgeReceipt receipt, ReceiptNode node) =>
        node switch
        {
            { State: "applied", AppliedAt: { } at } => $"applied after {Shown.Span(at - receipt.AcceptedAt)}",
            { State: "applied" } => "applied",
            { State: "fenced" } => "fenced: serves nothing old",
            { State: "owed" } => "out of reach, grace runs",
            _ when Tone(receipt, node).Length == 0 => "waits for the shields",
            _ => "on its way",
        };

    public static string StateTone(string state) => state == "complete" ? "good" : "busy";

    public static string StateWord(string state) =>
        state switch
        {
            "complete" => "Complete",
            "pops" => "On the PoPs",
            "shields" => "On the shields",
            _ => "Queued",
        };
}
