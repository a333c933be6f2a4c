using System.CommandLine;
using System.Text.Json.Nodes;
using Paradarum.Client;

namespace Paradarum;

/// <summary><c>paradarum nodes</c>: the fleet, for the operator.</summary>
internal static class NodesCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "Its name in the fleet." };
        var which = new Argument<string>("ID|NAME") { Description = "The node." };
        var role = new Option<string>("--role")
        {
            Description = "shield or pop.",
            HelpName = "ROLE",
            Required = true,
        };
        role.AcceptOnlyFromAmong("shield", "pop");
        return new Command(
            "nodes",
            $"""
            See and change the fleet: shields and PoPs. For the operator alone.

            {ClientSheet.ExitCodes}

            Examples:
              paradarum nodes list
              paradarum nodes add pop-ams --role pop > pop-ams.token
              paradarum nodes off pop-ams
            """
        )
        {
            ClientCommand.Create("list", "List shields and PoPs with health, position and lag.", ListAsync),
            ClientCommand.Create(
                "add",
                "Make a place for a node; its enrolment token is printed this once.",
                async (parsed, api, output, stop) =>
                    output.Secret(
                        await api.AskAsync(
                            HttpMethod.Post,
                            Path(parsed.GetValue(role)!),
                            ClientCommand.With(("name", parsed.GetValue(name))),
                            stop
                        ),
                        "enrolmentToken"
                    ),
                name,
                role
            ),
            ClientCommand.Create(
                "token",
                "A new enrolment token for a node that lost its identity; the former one ends.",
                async (parsed, api, output, stop) =>
                    output.Secret(
                        await api.AskAsync(HttpMethod.Post, $"{await FindAsync(api, parsed.GetValue(which)!, stop)}/token", null, stop),
                        "enrolmentToken"
                    ),
                which
            ),
            Switch("on", "Send a PoP traffic, or use a shield, again.", which, enabled: true),
            Switch("off", "Send a PoP no traffic, or use a shield no more; it applies purges all the same.", which, enabled: false),
            ClientCommand.Create(
                "remove",
                "Delete a node: it gives up its lease, drops its store and is gone.",
                async (parsed, api, output, stop) =>
                    output.Said(await api.AskAsync(HttpMethod.Delete, await FindAsync(api, parsed.GetValue(which)!, stop), null, stop)),
                which
            ),
        };
    }

    private static Command Switch(string verb, string description, Argument<string> which, bool enabled) =>
        ClientCommand.Create(
            verb,
            description,
            async (parsed, api, output, stop) =>
                output.Said(
                    await api.AskAsync(
                        HttpMethod.Put,
                        $"{await FindAsync(api, parsed.GetValue(which)!, stop)}/traffic",
                        ClientCommand.With(("enabled", enabled)),
                        stop
                    )
                ),
            which
        );

    private static async Task ListAsync(ParseResult parsed, PurgeApi api, ClientOutput output, CancellationToken stop) =>
        output.List(
            await AllAsync(api, stop),
            "There is no node yet: paradarum nodes add NAME --role shield",
            ("name", item => ClientOutput.Text(item, "name")),
            ("role", item => ClientOutput.Text(item, "role")),
            ("state", State),
            ("traffic", item => item["enabled"]!.GetValue<bool>() ? "on" : "off"),
            ("#position", item => ClientOutput.Text(item, "position")),
            ("#lag", item => ClientOutput.Text(item, "lag")),
            // Ids are for scripts (--json): a name is one node's alone.
            ("address", item => ClientOutput.Text(item, "url") is { Length: > 0 } url ? url : null)
        );

    private static string State(JsonNode node)
    {
        return Is("leaving") ? "leaving"
            : !Is("enrolled") ? "not enrolled"
            : Is("healthy") ? "healthy"
            : Is("connected") ? "catching up"
            : "away";

        bool Is(string field) => node[field]!.GetValue<bool>();
    }

    private static async Task<JsonArray> AllAsync(PurgeApi api, CancellationToken stop)
    {
        var all = await api.ListAsync("api/shield", stop);
        foreach (var pop in await api.ListAsync("api/node", stop))
            all.Add(pop?.DeepClone());
        return all;
    }

    private static async Task<string> FindAsync(PurgeApi api, string named, CancellationToken stop)
    {
        var found = (await AllAsync(api, stop)).FirstOrDefault(node =>
            string.Equals(ClientOutput.Text(node!, "id"), named, StringComparison.Ordinal)
            || string.Equals(ClientOutput.Text(node!, "name"), named, StringComparison.OrdinalIgnoreCase)
        );
        return found is not null
            ? $"{Path(ClientOutput.Text(found, "role")!)}/{ClientOutput.Text(found, "id")}"
            : throw new PurgeEndedException(PurgeExit.WrongUse, $"There is no node '{named}'. See: paradarum nodes list");
    }

    private static string Path(string role) => role == "shield" ? "api/shield" : "api/node";
}
