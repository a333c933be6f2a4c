using System.CommandLine;
using System.Text.Json.Nodes;
using Paradarum.Client;

namespace Paradarum;

/// <summary><c>paradarum properties</c>: the account's properties.</summary>
internal static class PropertiesCommand
{
    public static readonly string[] States = ["active", "pending", "disabled", "suspended"];

    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "Lower-case letters, digits and hyphens; at least 3." };
        var which = new Argument<string>("ID|NAME") { Description = "The property." };
        var origins = new Option<string[]>("--origin")
        {
            Description = "Where its bytes come from, such as https://origin.example.com. May be repeated: the next one when one fails.",
            HelpName = "URL",
            Required = true,
        };
        var preset = new Option<string?>("--preset")
        {
            Description = "Cache rules to begin with: wordpress or prestashop.",
            HelpName = "NAME",
        };
        return new Command(
            "properties",
            $"""
            List, make and delete properties.

            {ClientSheet.ExitCodes}

            Examples:
              paradarum properties list
              paradarum properties create my-shop --origin https://origin.example.com --preset wordpress
              paradarum properties show my-shop --json
            """
        )
        {
            ClientCommand.Create("list", "List the properties that the caller sees.", ListAsync),
            ClientCommand.Create(
                "create",
                "Make a property with its system hostname.",
                async (parsed, api, output, stop) =>
                {
                    var hosts = parsed.GetValue(origins)!.Select(host => (JsonNode)ClientCommand.With(("host", host))).ToArray();
                    var body = ClientCommand.With(
                        ("name", parsed.GetValue(name)),
                        ("origins", new JsonArray(hosts)),
                        ("preset", parsed.GetValue(preset))
                    );
                    output.Said(await api.AskAsync(HttpMethod.Post, "api/property", body, stop));
                },
                name,
                origins,
                preset
            ),
            ClientCommand.Create(
                "show",
                "Show a property with its hostnames and origins.",
                async (parsed, api, output, stop) =>
                    Show(
                        output,
                        await api.AskAsync(
                            HttpMethod.Get,
                            $"api/property/{await api.PropertyAsync(parsed.GetValue(which), stop)}",
                            null,
                            stop
                        )
                    ),
                which
            ),
            ClientCommand.Create(
                "delete",
                "Delete a property and purge all of it.",
                async (parsed, api, output, stop) =>
                    output.Said(
                        await api.AskAsync(
                            HttpMethod.Delete,
                            $"api/property/{await api.PropertyAsync(parsed.GetValue(which), stop)}",
                            null,
                            stop
                        )
                    ),
                which
            ),
        };
    }

    private static async Task ListAsync(ParseResult parsed, PurgeApi api, ClientOutput output, CancellationToken stop) =>
        output.List(
            await api.ListAsync("api/property", stop),
            "There is no property yet: paradarum properties create NAME --origin URL",
            ("#id", item => ClientOutput.Text(item, "id")),
            ("name", item => ClientOutput.Text(item, "name")),
            ("status", item => ClientOutput.Word(item, "status", States)),
            ("created (UTC)", item => ClientOutput.Time(item, "createdAt"))
        );

    private static void Show(ClientOutput output, JsonObject envelope)
    {
        var data = envelope["data"]!;
        output.One(
            data,
            ("id", ClientOutput.Text(data, "id")),
            ("name", ClientOutput.Text(data, "name")),
            ("status", ClientOutput.Word(data, "status", States)),
            ("created (UTC)", ClientOutput.Time(data, "createdAt")),
            ("hostnames", string.Join('\n', data["hostnames"]!.AsArray().Select(host => ClientOutput.Text(host!, "name")))),
            ("origins", string.Join('\n', data["origins"]!.AsArray().Select(origin => ClientOutput.Text(origin!, "host"))))
        );
    }
}
