using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Protocol;

namespace Paradarum.Client;

/// <summary>What is to be purged, as the purge API reads it (contract 1.1, 1.2). The API judges it; only what could not be sent is refused here.</summary>
internal static class PurgeItems
{
    /// <summary>How <c>--match</c> is written; hyphens do as well.</summary>
    public static readonly string[] Matches = ["equals", "contains", "starts_with", "ends_with", "regex"];

    public static JsonObject All() => new() { ["type"] = "All" };

    public static JsonObject Of(string type, string value, string? match = null)
    {
        var item = new JsonObject { ["type"] = type, ["value"] = value };
        if (match is not null)
            item["matchType"] = match.Replace('-', '_');
        return item;
    }

    /// <summary>
    /// A file: JSON (an array of items, an object with <c>items</c>, or one item), or lines. A line is a path, or <c>all</c>, <c>path VALUE</c>,
    /// <c>extension VALUE</c>, <c>MATCH VALUE</c> with one of <see cref="Matches"/>; blank lines and those that begin with # are skipped.
    /// </summary>
    public static Result<List<JsonNode?>> Parse(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start.Length > 0 && start[0] is '{' or '[' ? ParseJson(text) : ParseLines(text);
    }

    private static Result<List<JsonNode?>> ParseJson(string text)
    {
        try
        {
            // Detached from the document, so that they may be put into the request.
            var items = JsonNode.Parse(text) switch
            {
                JsonArray array => array,
                JsonObject whole when whole.ContainsKey("items") => whole["items"] as JsonArray,
                JsonObject one => [one.DeepClone()],
                _ => null,
            };
            return items is null ? Refusal.Malformed("items must be an array.") : items.Select(item => item?.DeepClone()).ToList();
        }
        catch (JsonException e)
        {
            return Refusal.Malformed($"it is no valid JSON: {e.Message}");
        }
    }

    private static Result<List<JsonNode?>> ParseLines(string text)
    {
        var items = new List<JsonNode?>();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (ParseLine(line) is not { } item)
                return Refusal.Malformed(
                    $"line {number} is '{Refusal.Quoted(line)}'. Write a path, 'all', 'path /x', 'extension jpg', or a match type and its value, such as 'contains /news/'."
                );
            items.Add(item);
        }
        return items;
    }

    private static JsonObject? ParseLine(string line)
    {
        if (line[0] == '/')
            return Of("Path", line);
        var space = line.AsSpan().IndexOfAny(' ', '\t');
        var (word, value) = space < 0 ? (line, "") : (line[..space], line[space..].Trim());
        return word.ToUpperInvariant() switch
        {
            "ALL" when value.Length == 0 => All(),
            "PATH" when value.Length > 0 => Of("Path", value),
            "EXTENSION" when value.Length > 0 => Of("Extension", value),
            _ when value.Length > 0 && Matches.Contains(word.Replace('-', '_'), StringComparer.OrdinalIgnoreCase) => Of(
                "Regex",
                value,
                word
            ),
            _ => null,
        };
    }
}
