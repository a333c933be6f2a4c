using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Paradarum.Client;

namespace Paradarum;

/// <summary><c>paradarum receipts</c>: purges that were asked for, and how far they have come.</summary>
internal static class ReceiptsCommand
{
    private const int ShownUnlessTold = 20;

    public static Command Create()
    {
        var property = ClientCommand.PropertyOption();
        var purge = new Argument<string>("PURGE") { Description = "The purge's id, as the answer to the purge and the list show it." };
        var state = new Option<string?>("--state")
        {
            Description = "Only purges that are this far: queued, shields, pops, complete.",
            HelpName = "STATE",
        };
        state.AcceptOnlyFromAmong("queued", "shields", "pops", "complete");
        var last = new Option<int>("--last")
        {
            Description = "How many at most, newest first.",
            HelpName = "N",
            DefaultValueFactory = _ => ShownUnlessTold,
        };
        var wait = new Option<bool>("--wait") { Description = "Until it is complete, at most a minute." };
        return new Command(
            "receipts",
            $"""
            Purges of a property and their receipts, node by node.

            {ClientSheet.ExitCodes} show --wait: 5 not complete within a minute.

            Examples:
              paradarum receipts list --property my-shop --last 5
              paradarum receipts show PURGE --property my-shop --wait
            """
        )
        {
            ClientCommand.Create(
                "list",
                "List purges, newest first, those that changes of the property made included.",
                async (parsed, api, output, stop) =>
                {
                    var id = await api.PropertyAsync(parsed.GetValue(property), stop);
                    var filter = parsed.GetValue(state) is { } wanted ? $"?state={wanted}" : "";
                    List(output, await api.ListAsync($"api/property/{id}/purge{filter}", stop, Math.Max(1, parsed.GetValue(last))));
                },
                property,
                state,
                last
            ),
            ClientCommand.Create(
                "show",
                "Show a receipt.",
                async (parsed, api, output, stop) =>
                {
                    var id = await api.PropertyAsync(parsed.GetValue(property), stop);
                    var query = parsed.GetValue(wait) ? "?wait=60s" : "";
                    var path = $"api/property/{id}/purge/{Uri.EscapeDataString(parsed.GetValue(purge)!)}{query}";
                    var data = (await api.AskAsync(HttpMethod.Get, path, null, stop))["data"]!;
                    Show(output, data);
                    if (parsed.GetValue(wait) && ClientOutput.Text(data, "state") != "complete")
                        throw new PurgeEndedException(PurgeExit.NotComplete, "Not complete within a minute. The purge goes on; ask again.");
                },
                purge,
                property,
                wait
            ),
        };
    }

    private static void List(ClientOutput output, JsonArray items) =>
        output.List(
            items,
            "Nothing was purged yet.",
            ("accepted (UTC)", item => ClientOutput.Time(item, "acceptedAt")),
            ("state", item => ClientOutput.Text(item, "state")),
            ("what", What),
            ("by", item => ClientOutput.Text(item, "askedBy")),
            ("#jobs", item => ClientOutput.Text(item, "jobCount")),
            ("purge", item => ClientOutput.Text(item, "purgeId"))
        );

    private static void Show(ClientOutput output, JsonNode data) =>
        output.One(
            data,
            ("purge", ClientOutput.Text(data, "purgeId")),
            ("what", What(data)),
            ("state", ClientOutput.Text(data, "state")),
            ("accepted (UTC)", ClientOutput.Time(data, "acceptedAt")),
            ("complete (UTC)", ClientOutput.Time(data, "completedAt")),
            ("jobs", $"{data["jobsDone"]} of {data["jobCount"]}"),
            ("removed", ReceiptData.Objects(data["matched"]!.GetValue<long>())),
            ("nodes", string.Join('\n', data["perNode"]!.AsArray().Select(Node)))
        );

    private static string Node(JsonNode? node) =>
        $"{ClientOutput.Text(node!, "role"), -6} {ClientOutput.Text(node!, "name")} {ClientOutput.Text(node!, "state")}, {ReceiptData.Objects(node!["objects"]!.GetValue<long>())}";

    /// <summary>The first of what was to be purged, and how many more there are.</summary>
    public static string What(JsonNode item)
    {
        var items = item["items"]!.AsArray();
        var first = items.Count == 0 ? "?" : $"{ClientOutput.Text(items[0]!, "type")} {ClientOutput.Text(items[0]!, "value")}".TrimEnd();
        var more = item["itemCount"]!.GetValue<int>() - 1;
        return more > 0 ? string.Create(CultureInfo.InvariantCulture, $"{first} and {more} more") : first;
    }
}
