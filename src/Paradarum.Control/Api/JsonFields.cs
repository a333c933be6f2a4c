using System.Text.Json;
using Paradarum.Protocol;

namespace Paradarum.Control.Api;

/// <summary>
/// The fields of a JSON object as the contract reads them (section 0): names without regard to case, the last duplicate wins, unknown ones ignored. A field that is
/// absent and one that is <c>null</c> are the same.
/// </summary>
internal readonly struct JsonFields(JsonElement element)
{
    /// <summary>Null when absent. Refuses another kind, and text that is no Unicode (a lone surrogate), with <c>Name must be a string.</c> and the like.</summary>
    public Result<string?> Text(string name)
    {
        if (Find(name) is not { } found)
            return (string?)null;
        if (found.ValueKind != JsonValueKind.String)
            return Wrong(name, "a string");
        try
        {
            return found.GetString();
        }
        catch (InvalidOperationException)
        {
            return Refusal.Malformed($"{Titled(name)} holds characters that are not valid Unicode.");
        }
    }

    public Result<bool?> Flag(string name) =>
        Find(name) is not { } found ? (bool?)null
        : found.ValueKind is JsonValueKind.True or JsonValueKind.False ? found.GetBoolean()
        : Wrong(name, "true or false");

    /// <summary>A whole number that fits 64 bits.</summary>
    public Result<long?> Number(string name) =>
        Find(name) is not { } found ? (long?)null
        : found.ValueKind == JsonValueKind.Number && found.TryGetInt64(out var number) ? number
        : Wrong(name, "a whole number");

    /// <summary>The elements of an array as they are; null when absent.</summary>
    /// <param name="name">The field.</param>
    /// <param name="most">How many the caller takes; of a longer array the first <c>most + 1</c> are given, which tells that there are too many.</param>
    public Result<JsonElement[]?> List(string name, int most)
    {
        if (Find(name) is not { } found)
            return (JsonElement[]?)null;
        return found.ValueKind == JsonValueKind.Array ? found.EnumerateArray().Take(most + 1).ToArray() : Wrong(name, "an array");
    }

    /// <summary>The fields of an object; null when absent.</summary>
    public Result<JsonFields?> Object(string name) =>
        Find(name) is not { } found ? (JsonFields?)null
        : found.ValueKind == JsonValueKind.Object ? new JsonFields(found)
        : Wrong(name, "an object");

    /// <summary>Whatever was sent, for a field of more than one kind; null when absent.</summary>
    public JsonElement? Any(string name) => Find(name);

    private JsonElement? Find(string name)
    {
        JsonElement? last = null;
        foreach (var property in element.EnumerateObject())
        {
            if (IsNamed(property, name))
                last = property.Value;
        }

        return last is { ValueKind: JsonValueKind.Null } ? null : last;
    }

    private static bool IsNamed(JsonProperty property, string name)
    {
        try
        {
            return property.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
        }
        catch (InvalidOperationException)
        {
            // A name that is no Unicode is a name nobody knows.
            return false;
        }
    }

    private static Refusal Wrong(string name, string kind) => Refusal.Malformed($"{Titled(name)} must be {kind}.");

    private static string Titled(string name) => string.Concat(char.ToUpperInvariant(name[0]).ToString(), name.AsSpan(1));
}
