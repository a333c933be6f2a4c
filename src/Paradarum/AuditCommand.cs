using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Paradarum.Client;
using Paradarum.Control.Audit;

namespace Paradarum;

/// <summary><c>paradarum audit</c>: who did what, and with <c>--follow</c> what is being done.</summary>
internal static class AuditCommand
{
    private const int ShownUnlessTold = 20;

    private static readonly Option<string?> Type = new("--type")
    {
        Description = "Only entries about this: property, hostname, origin, key, node, sign-in, purge, ...",
        HelpName = "TYPE",
    };
    private static readonly Option<string?> Property = new("--property", "-p")
    {
        Description = "Only entries about this property.",
        HelpName = "ID|NAME",
    };
    private static readonly Option<string?> Actor = new("--actor")
    {
        Description = "Only what this one did: the first 8 characters of a key, an e-mail address, system.",
        HelpName = "WHO",
    };
    private static readonly Option<string?> Since = new("--since")
    {
        Description = "Only entries from this time on, such as 2026-01-31T12:00:00Z.",
        HelpName = "TIME",
    };
    private static readonly Option<int> Last = new("--last")
    {
        Description = "How many at most, the newest ones.",
        HelpName = "N",
        DefaultValueFactory = _ => ShownUnlessTold,
    };
    private static readonly Option<bool> Follow = new("--follow", "-f")
    {
        Description = "Oldest first, and then each entry as it comes, until Ctrl-C.",
    };

    public static Command Create()
    {
        Type.CompletionSources.Add(AuditTypes.All);
        return ClientCommand.Create(
            "audit",
            $"""
            Who changed, purged or signed in what, when and from where; times in UTC, newest first. With --json also what differs, before and after; with --follow
            one line of JSON for each entry.

            {ClientSheet.ExitCodes} --follow goes on when the API is not reached for a while.

            Examples:
              paradarum audit --last 50
              paradarum audit --property my-shop --type purge --since 2026-01-31T12:00:00Z
              paradarum audit --follow --json | jq -r 'select(.action == "failed") | .address'
            """,
            RunAsync,
            Type,
            Property,
            Actor,
            Since,
            Last,
            Follow
        );
    }

    private static async Task RunAsync(ParseResult parsed, PurgeApi api, ClientOutput output, CancellationToken stop)
    {
        var path = await PathAsync(parsed, api, stop);
        var last = Math.Max(0, parsed.GetValue(Last));
        // Before anything is read: what comes while it is being read is to be shown too.
        var beginning = parsed.GetValue(Follow) ? await NewestAsync(api, stop) : AuditWatch.Beginning;
        // Entries that come between two pages push others onto the next one: those are read twice.
        var newest =
            last == 0
                ? []
                : (await api.ListAsync(path, stop, last)).DistinctBy(Id, StringComparer.Ordinal).Select(entry => entry!.DeepClone());
        JsonNode[] entries = [.. newest];
        if (!parsed.GetValue(Follow))
        {
            output.List(
                [.. entries],
                "No such entry.",
                ("time (UTC)", item => ClientOutput.Time(item, "at")),
                ("who", item => ClientOutput.Text(item, "actor")),
                ("from", From),
                ("did", Did),
                ("to", To),
                ("#property", item => ClientOutput.Text(item, "propertyId"))
            );
            return;
        }

        var after = entries.Length > 0 ? Id(entries[0]) : beginning;
        foreach (var entry in entries.AsEnumerable().Reverse())
            output.Line(entry, Line(entry));
        await foreach (var entry in new AuditWatch(api, path, TimeProvider.System).AfterAsync(after, stop))
            output.Line(entry, Line(entry));
    }

    private static async Task<string> PathAsync(ParseResult parsed, PurgeApi api, CancellationToken stop)
    {
        var path = new StringBuilder("api/audit?");
        void Only(string name, string? value)
        {
            if (value is not null)
                path.Append(name).Append('=').Append(Uri.EscapeDataString(value)).Append('&');
        }

        Only("type", parsed.GetValue(Type));
        Only("actor", parsed.GetValue(Actor));
        Only("since", parsed.GetValue(Since));
        if (parsed.GetValue(Property) is { } named)
            Only("property", (await api.PropertyAsync(named, stop)).ToString(CultureInfo.InvariantCulture));
        return path.ToString(0, path.Length - 1);
    }

    /// <summary>Where following begins when no entry is shown first: behind everything there is, of whatever kind.</summary>
    private static async Task<string> NewestAsync(PurgeApi api, CancellationToken stop) =>
        (await api.ListAsync("api/audit", stop, 1)) is [{ } newest] ? Id(newest) : AuditWatch.Beginning;

    private static string Id(JsonNode? entry) => ClientOutput.Text(entry!, "id")!;

    private static string? From(JsonNode entry) => ClientOutput.Text(entry, "address") is { Length: > 0 } address ? address : null;

    private static string Did(JsonNode entry) => $"{ClientOutput.Text(entry, "type")} {ClientOutput.Text(entry, "action")}";

    /// <summary>A purge has no name, but what it was asked to purge, while its record is kept.</summary>
    private static string? To(JsonNode entry)
    {
        if (ClientOutput.Text(entry, "type") == "purge")
            return entry["after"] is { } purge ? ReceiptsCommand.What(purge) : null;
        return ClientOutput.Text(entry, "subject") is { Length: > 0 } subject ? subject : null;
    }

    /// <summary>In columns that are as wide as what mostly stands in them: what comes later is not known yet.</summary>
    private static string Line(JsonNode entry)
    {
        var property = ClientOutput.Text(entry, "propertyId") is { } id ? $" (property {id})" : "";
        return $"{ClientOutput.Time(entry, "at")}  {ClientOutput.Text(entry, "actor"), -18}  {From(entry) ?? "-", -15}  {Did(entry), -20}  {To(entry)}{property}".TrimEnd();
    }
}
