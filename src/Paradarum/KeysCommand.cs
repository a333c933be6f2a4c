using System.CommandLine;
using System.Text.Json.Nodes;
using Paradarum.Client;

namespace Paradarum;

/// <summary><c>paradarum keys</c>: API keys of the account.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "What it is for, 1 to 100 characters." };
        var id = new Argument<long>("ID") { Description = "As the list shows it." };
        var scope = new Option<string?>("--scope") { Description = "account, or purge: the purge endpoints alone.", HelpName = "SCOPE" };
        scope.CompletionSources.Add("account", "purge");
        var properties = new Option<string[]>("--property", "-p")
        {
            Description = "The only properties it may touch, by id or name. May be repeated.",
            HelpName = "ID|NAME",
        };
        return new Command(
            "keys",
            $"""
            List, make and revoke API keys. A new key is printed once, alone on a line.

            {ClientSheet.ExitCodes}

            Examples:
              paradarum keys list
              paradarum keys create "Deployment of the shop" --scope purge --property my-shop > shop.key
              paradarum keys revoke 5
            """
        )
        {
            ClientCommand.Create(
                "list",
                "List API keys, revoked ones included.",
                async (_, api, output, stop) =>
                    output.List(
                        await api.ListAsync("api/account/apikeys", stop),
                        "The account has no API key.",
                        ("#id", item => ClientOutput.Text(item, "id")),
                        ("name", item => ClientOutput.Text(item, "name")),
                        ("begins", item => ClientOutput.Text(item, "keyPrefix")),
                        ("scope", item => ClientOutput.Text(item, "scope")),
                        ("properties", item => item["propertyIds"] is JsonArray ids ? string.Join(", ", ids) : "all"),
                        ("last used (UTC)", item => ClientOutput.Time(item, "lastUsedAt") ?? "never"),
                        ("revoked (UTC)", item => ClientOutput.Time(item, "revokedAt"))
                    )
            ),
            ClientCommand.Create(
                "create",
                "Make an API key; it is shown this once.",
                async (parsed, api, output, stop) =>
                {
                    var ids = new List<JsonNode>();
                    foreach (var property in parsed.GetValue(properties) ?? [])
                        ids.Add(await api.PropertyAsync(property, stop));
                    var body = ClientCommand.With(
                        ("name", parsed.GetValue(name)),
                        ("scope", parsed.GetValue(scope)),
                        ("propertyIds", ids.Count > 0 ? new JsonArray([.. ids]) : null)
                    );
                    output.Secret(await api.AskAsync(HttpMethod.Post, "api/account/apikeys", body, stop), "key");
                },
                name,
                scope,
                properties
            ),
            ClientCommand.Create(
                "revoke",
                "Revoke an API key, effective at once.",
                async (parsed, api, output, stop) =>
                    output.Said(await api.AskAsync(HttpMethod.Delete, $"api/account/apikeys/{parsed.GetValue(id)}", null, stop)),
                id
            ),
        };
    }
}
