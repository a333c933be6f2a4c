using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Paradarum.Control.Panel.Auditing;

/// <summary>One value that an entry of the audit trail keeps, as people read it.</summary>
/// <param name="What">Where it stands: <c>Origins, Host</c>; the parts of a list are told apart by their names, else by their places.</param>
/// <param name="Before">Null when there was nothing.</param>
/// <param name="After">Null when there is nothing now.</param>
internal sealed record AuditDifference(string What, string? Before, string? After)
{
    /// <summary>Characters of a value; what is longer is cut, and ends in an ellipsis.</summary>
    private const int Longest = 200;

    /// <summary>Values shown of one entry: a page of twenty goes over a socket.</summary>
    private const int Most = 60;

    private static readonly string[] Names = ["name", "hostname", "host"];

    /// <returns>In the order in which the trail keeps them; a value that is the same on both sides is left out, and so is one that says nothing.</returns>
    public static IReadOnlyList<AuditDifference> Of(JsonElement? before, JsonElement? after)
    {
        var (former, later) = (Flat(before), Flat(after));
        return
        [
            .. former
                .Keys.Concat(later.Keys.Where(what => !former.ContainsKey(what)))
                .Select(what => new AuditDifference(what, former.GetValueOrDefault(what), later.GetValueOrDefault(what)))
                .Where(difference => !string.Equals(difference.Before, difference.After, StringComparison.Ordinal))
                .Take(Most),
        ];
    }

    private static OrderedDictionary<string, string> Flat(JsonElement? side)
    {
        var values = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        if (side is { } element)
            Add(values, "", element);
        return values;
    }

    private static void Add(OrderedDictionary<string, string> values, string what, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
                Add(values, Inside(what, Words(member.Name)), member.Value);
        }
        else if (element.ValueKind == JsonValueKind.Array && element.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Object))
        {
            var several = element.GetArrayLength() > 1;
            foreach (var (place, item) in element.EnumerateArray().Index())
                Add(values, PartOf(what, item, several ? place + 1 : null), item);
        }
        else if (Text(element) is { Length: > 0 } text)
            values[what] = text.Length > Longest ? $"{text.AsSpan(0, Longest)}…" : text;
    }

    /// <summary>Items with an id keep their name on both sides although their places differ; those without are told apart by their places.</summary>
    private static string PartOf(string what, JsonElement item, int? place)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return what;
        if (item.TryGetProperty("id", out _))
        {
            foreach (var name in Names)
                if (item.TryGetProperty(name, out var called) && called.ValueKind == JsonValueKind.String)
                    return Inside(what, called.GetString()!);
        }
        return place is { } number ? string.Create(CultureInfo.InvariantCulture, $"{what} {number}") : what;
    }

    private static string Inside(string what, string part) => what.Length == 0 ? part : $"{what}, {part}";

    private static string Text(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.String => element.GetString()!,
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Number => element.GetRawText(),
            JsonValueKind.Array => string.Join(", ", element.EnumerateArray().Select(Text)),
            _ => "",
        };

    /// <summary><c>hostHeader</c> and <c>host_header</c> are "Host header".</summary>
    private static string Words(string name)
    {
        var words = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (letter == '_')
                words.Append(' ');
            else if (char.IsAsciiLetterUpper(letter))
                words.Append(' ').Append(char.ToLowerInvariant(letter));
            else
                words.Append(words.Length == 0 ? char.ToUpperInvariant(letter) : letter);
        }
        return words.ToString();
    }
}
