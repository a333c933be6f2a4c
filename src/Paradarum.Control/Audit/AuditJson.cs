using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Control.Api;

namespace Paradarum.Control.Audit;

/// <summary>What an entry keeps of a thing: all of it where it came or went, only what differs where it changed.</summary>
internal static class AuditJson
{
    /// <summary>Characters of one side. A longer one is replaced by its length: that it changed is kept, not into what.</summary>
    public const int Longest = 64 << 10;

    /// <returns>Null for a side that was not there; both null when nothing differs.</returns>
    public static (string? Before, string? After) Difference(object? before, object? after)
    {
        var (former, later) = (Node(before), Node(after));
        if (former is JsonObject left && later is JsonObject right)
        {
            KeepWhatDiffers(left, right);
            if (left.Count == 0 && right.Count == 0)
                return (null, null);
        }
        return (Written(former), Written(later));
    }

    private static JsonNode? Node(object? value) => value is null ? null : JsonSerializer.SerializeToNode(value, ApiJson.Options);

    private static void KeepWhatDiffers(JsonObject left, JsonObject right)
    {
        foreach (var name in left.Select(member => member.Key).ToArray())
        {
            if (JsonNode.DeepEquals(left[name], right[name]))
            {
                left.Remove(name);
                right.Remove(name);
            }
            else if (left[name] is JsonArray former && right[name] is JsonArray later)
                KeepWhatDiffers(former, later);
            else if (left[name] is JsonObject inner && right[name] is JsonObject other)
                KeepWhatDiffers(inner, other);
        }
    }

    /// <summary>Lists of things with an id: those that are the same on both sides go.</summary>
    private static void KeepWhatDiffers(JsonArray left, JsonArray right)
    {
        foreach (var item in left.OfType<JsonObject>().ToArray())
        {
            if (item["id"] is { } id && right.FirstOrDefault(other => JsonNode.DeepEquals(other, item)) is { } same)
            {
                left.Remove(item);
                right.Remove(same);
            }
        }
    }

    private static string? Written(JsonNode? node)
    {
        var text = node?.ToJsonString(ApiJson.Options);
        return text is { Length: > Longest }
            ? string.Create(CultureInfo.InvariantCulture, $$"""{"charactersLeftOut":{{text.Length}}}""")
            : text;
    }
}
