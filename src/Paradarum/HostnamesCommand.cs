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
        var which = new Argument<string>("ID|NAME") { Description = "The hostname." };
        return new Command(
            "hostnames",
            $"""
            List and remove hostnames of a property.

            {ClientSheet.ExitCodes}

            Examples:
              paradarum hostnames list --property my-shop
              paradarum hostnames remove www.example.com --property my-shop
            """
        )
        {
            ClientCommand.Create(
                "list",
                "List the property's hostnames.",
                async (parsed, api, output, stop) =>
                    output.List(
                        await api.ListAsync($"api/property/{await api.PropertyAsync(parsed.GetValue(property), stop)}/hostname", stop),
                        "The property has no hostname.",
                        ("#id", item => ClientOutput.Text(item, "id")),
                        ("name", item => ClientOutput.Text(item, "name")),
                        ("status", item => ClientOutput.Word(item, "status", States)),
                        ("created", item => ClientOutput.Time(item, "createdAt"))
                    ),
                property
            ),
            ClientCommand.Create(
                "remove",
                "Remove a hostname; an active one purges all of the property.",
                async (parsed, api, output, stop) =>
                {
                    var path = $"api/property/{await api.PropertyAsync(parsed.GetValue(property), stop)}/hostname";
                    var id = await IdAsync(api, path, parsed.GetValue(which)!, stop);
                    output.Said(await api.AskAsync(HttpMethod.Delete, $"{path}/{id}", null, stop));
                },
                which,
                property
            ),
        };
    }

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
