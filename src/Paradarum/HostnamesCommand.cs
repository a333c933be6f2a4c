using System.CommandLine;
using System.Globalization;
using Paradarum.Client;

namespace Paradarum;

/// <summary><c>paradarum hostnames</c>: the hostnames of a property.</summary>
internal static class HostnamesCommand
{
    private static readonly string[] States = ["active", "pending validation"];

    public static Command Create()
    {
        var property = ClientCommand.PropertyOption();
        var name = new Argument<string>("NAME") { Description = "The hostname, such as www.example.com." };
        var which = new Argument<string>("ID|NAME") { Description = "The hostname." };
        return new Command(
            "hostnames",
            $"""
            List, add, verify and remove hostnames of a property. One that is added is active as soon as its DNS record leads to a PoP.

            {ClientSheet.ExitCodes}

            Examples:
              paradarum hostnames list --property my-shop
              paradarum hostnames add www.example.com --property my-shop
              paradarum hostnames verify www.example.com --property my-shop
              paradarum hostnames remove www.example.com --property my-shop
            """
        )
        {
            ClientCommand.Create(
                "list",
                "List the property's hostnames.",
                async (parsed, api, output, stop) =>
                    output.List(
                        await api.ListAsync(await PathAsync(api, parsed.GetValue(property), stop), stop),
                        "The property has no hostname.",
                        ("#id", item => ClientOutput.Text(item, "id")),
                        ("name", item => ClientOutput.Text(item, "name")),
                        ("status", item => ClientOutput.Word(item, "status", States)),
                        ("created (UTC)", item => ClientOutput.Time(item, "createdAt"))
                    ),
                property
            ),
            ClientCommand.Create(
                "add",
                "Add a hostname; the answer says what its DNS record has to be when it does not lead here yet.",
                async (parsed, api, output, stop) =>
                {
                    var path = await PathAsync(api, parsed.GetValue(property), stop);
                    output.Said(await api.AskAsync(HttpMethod.Post, path, ClientCommand.With(("name", parsed.GetValue(name))), stop));
                },
                name,
                property
            ),
            ClientCommand.Create(
                "verify",
                "Look a pending hostname up again; ends with 2 while its DNS record does not lead to a PoP.",
                async (parsed, api, output, stop) =>
                {
                    var path = await PathAsync(api, parsed.GetValue(property), stop);
                    var id = await IdAsync(api, path, parsed.GetValue(which)!, stop);
                    var answer = await api.AskAsync(HttpMethod.Post, $"{path}/{id}/verify", null, stop);
                    // Looked up without error is not yet verified: a script that waits for it must see which.
                    if (answer["data"]!["status"]!.GetValue<int>() != 0)
                        throw new PurgeEndedException(PurgeExit.Refused, answer["message"]!.GetValue<string>());
                    output.Said(answer);
                },
                which,
                property
            ),
            ClientCommand.Create(
                "remove",
                "Remove a hostname; an active one purges all of the property.",
                async (parsed, api, output, stop) =>
                {
                    var path = await PathAsync(api, parsed.GetValue(property), stop);
                    var id = await IdAsync(api, path, parsed.GetValue(which)!, stop);
                    output.Said(await api.AskAsync(HttpMethod.Delete, $"{path}/{id}", null, stop));
                },
                which,
                property
            ),
        };
    }

    private static async Task<string> PathAsync(PurgeApi api, string? property, CancellationToken stop) =>
        $"api/property/{await api.PropertyAsync(property, stop)}/hostname";

    private static async Task<long> IdAsync(PurgeApi api, string path, string named, CancellationToken stop)
    {
        if (long.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return id;
        var all = await api.ListAsync(path, stop);
        return
            all.FirstOrDefault(item => string.Equals(ClientOutput.Text(item!, "name"), named, StringComparison.OrdinalIgnoreCase))
                is { } found
            ? found["id"]!.GetValue<long>()
            : throw new PurgeEndedException(PurgeExit.WrongUse, $"The property has no hostname '{named}'. See: paradarum hostnames list");
    }
}
