using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>The groups that a response belongs to, and those that the answer to an unsafe request invalidates (RFC 9875). Names are compared character by character.</summary>
internal static class CacheGroups
{
    public const string Field = "Cache-Groups";

    public const string InvalidationField = "Cache-Group-Invalidation";

    /// <summary>A response in more groups is not stored, and says so: kept without some of them it would outlive what was meant to take it. RFC 9875 §2 asks for at least 32.</summary>
    public const int Most = 128;

    /// <summary>The names in a List of Strings, each once. Empty when the field is missing, broken, or holds anything else: then it is to be ignored as a whole (RFC 9651 §4.2).</summary>
    public static string[] Of(StringValues field)
    {
        if (field.Count == 0)
            return [];
        var members = new StructuredField(field.ToString());
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (members.NextOfList())
        {
            if (members.Kind != MemberKind.String)
                return [];
            names.Add(Unescaped(members.Value));
        }
        return members.IsBroken ? [] : [.. names];
    }

    private static string Unescaped(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\'))
            return text.ToString();
        Span<char> plain = text.Length <= 256 ? stackalloc char[256] : new char[text.Length];
        var length = 0;
        for (var at = 0; at < text.Length; at++)
            plain[length++] = text[at] == '\\' ? text[++at] : text[at];
        return plain[..length].ToString();
    }
}
