using System.CommandLine;
using System.Text.Json.Nodes;
using Paradarum.Client;
using Paradarum.Options;

namespace Paradarum;

/// <summary><c>paradarum purge</c>: the purge API from a shell.</summary>
internal static class PurgeCommand
{
    private static readonly Setting<string> Property = new(
        "property",
        "ID|NAME",
        "The property, by id or name; not needed when the key sees one only.",
        SettingKinds.Text
    )
    {
        Short = "-p",
    };
    private static readonly Setting<TimeSpan> Timeout = new(
        "timeout",
        "TIME",
        "How long --wait waits.",
        SettingKinds.Time(TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)),
        "10m"
    );

    private static readonly Option<bool> All = new("--all") { Description = "Purge everything of the property." };
    private static readonly Option<string[]> Paths = Values("--path", "PATH", "A path, with every query; with ?, that query alone.");
    private static readonly Option<string[]> Extensions = Values("--extension", "EXT", "Files with this extension, such as jpg.");
    private static readonly Option<string[]> Patterns = Values("--regex", "PATTERN", "A pattern, or a literal with --match.");
    private static readonly Option<string?> Match = new("--match")
    {
        Description = "How --regex is meant: equals, contains, starts_with, ends_with or regex (the default).",
        HelpName = "TYPE",
    };
    private static readonly Option<string?> File = new("--file")
    {
        Description = "A batch: JSON as the API takes it, or lines ('/a/path', 'extension jpg', 'contains /news/', 'all'). - reads stdin.",
        HelpName = "FILE",
    };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait until it is complete, and show how far each node is." };
    private static readonly Option<bool> Preview = new("--preview") { Description = "Show what it would remove, and queue nothing." };
    private static readonly Option<string?> IdempotencyKey = new("--idempotency-key")
    {
        Description = "A repetition with the same key queues nothing and is answered the same.",
        HelpName = "TEXT",
    };

    public static Command Create()
    {
        var command = new Command(
            "purge",
            $"""
            Purge through the API of a control plane. Several options together are one batch, and one position of the log.

            {SettingSheet.Ways}

            Exit codes: 0 accepted, and with --wait complete; 1 an option or the file is wrong, nothing was sent; 2 the API refused it; 3 some items of a
            batch were rejected, the others accepted; 4 the API was not reached or could not, try again; 5 accepted, not complete within --timeout.

            Examples:
              paradarum purge --path / --wait --key-file paradarum-data/up.json
              paradarum purge --property shop --extension css --extension js --wait
              paradarum purge --property shop --regex '^/news/2025' --preview
              paradarum purge --property shop --regex /news/ --match starts_with
              git diff --name-only HEAD~1 | sed 's|^|/|' | paradarum purge --property 7 --file - --wait
            """
        )
        {
            All,
            Paths,
            Extensions,
            Patterns,
            Match,
            File,
            Wait,
            Preview,
            IdempotencyKey,
        };
        var client = new ClientSheet(command);
        var sheet = client.Settings;
        sheet.Add(Property);
        sheet.Add(Timeout);
        command.SetAction(
            (parsed, stop) =>
                ClientCommand.GuardedAsync(async () =>
                {
                    var values = client.Open(parsed);
                    var task = await ReadAsync(parsed, values, new ClientOutput(client.AsJson(parsed)), stop);
                    if (values.Problems.Count > 0)
                        return (PurgeExit)ExitCode.Fail(values.Problems);
                    return await PurgeRunner.RunAsync(task, stop);
                })
        );
        return command;
    }

    private static async Task<PurgeTask> ReadAsync(ParseResult parsed, SettingValues values, ClientOutput output, CancellationToken stop)
    {
        var items = Named(parsed, values);
        var file = parsed.GetValue(File);
        if (file is not null && items.Count > 0)
            values.Add("--file stands alone: put everything into the file, or leave it out.");
        else if (file is not null)
            items = await FromFileAsync(file, values, stop);
        else if (items.Count == 0)
            values.Add("Say what to purge: --all, --path, --extension, --regex or --file.");
        values.Find(Property, out var property);
        return new PurgeTask(
            ClientSheet.UrlOf(values),
            ClientSheet.CredentialOf(values),
            property,
            items,
            AsBatch: file is not null || items.Count > 1,
            parsed.GetValue(Wait),
            values.Read(Timeout),
            parsed.GetValue(IdempotencyKey),
            parsed.GetValue(Preview),
            output
        );
    }

    private static List<JsonNode?> Named(ParseResult parsed, SettingValues values)
    {
        var match = parsed.GetValue(Match)?.Replace('-', '_').ToLowerInvariant();
        var patterns = parsed.GetValue(Patterns) ?? [];
        if (match is not null && !PurgeItems.Matches.Contains(match, StringComparer.Ordinal))
            values.Add($"--match: '{match}' is not one of {string.Join(", ", PurgeItems.Matches)}.");
        if (match is not null && patterns.Length == 0)
            values.Add("--match says how --regex is meant: give both.");
        return
        [
            .. parsed.GetValue(All) ? [PurgeItems.All()] : Array.Empty<JsonNode>(),
            .. (parsed.GetValue(Paths) ?? []).Select(path => PurgeItems.Of("Path", path)),
            .. (parsed.GetValue(Extensions) ?? []).Select(extension => PurgeItems.Of("Extension", extension)),
            .. patterns.Select(pattern => PurgeItems.Of("Regex", pattern, match)),
        ];
    }

    private static async Task<List<JsonNode?>> FromFileAsync(string file, SettingValues values, CancellationToken stop)
    {
        try
        {
            var text = file == "-" ? await Console.In.ReadToEndAsync(stop) : await System.IO.File.ReadAllTextAsync(file, stop);
            if (!PurgeItems.Parse(text).Ok(out var items, out var refusal))
                values.Add($"--file: {file}: {refusal.Message}");
            else if (items.Count == 0)
                values.Add($"--file: {file} names nothing to purge.");
            return items ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            values.Add($"--file: {e.Message}");
            return [];
        }
    }

    private static Option<string[]> Values(string name, string helpName, string description) =>
        new(name)
        {
            Description = $"{description} May be repeated.",
            HelpName = helpName,
            AllowMultipleArgumentsPerToken = false,
        };
}
