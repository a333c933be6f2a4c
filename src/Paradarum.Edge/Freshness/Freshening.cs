using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>What a 304 does to a stored response (RFC 9111 §3.2, §4.3.4).</summary>
internal static class Freshening
{
    // Describe the stored bytes, which the 304 does not carry (§3.2).
    private static readonly FrozenSet<string> OfTheBytes = new[]
    {
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "Transfer-Encoding",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the 304 speaks of this stored response: it repeats the stored entity tag (weakly compared), or names none.
    /// <paramref name="strongly"/>: it must repeat a strong one, the only confirmation a fenced node accepts.
    /// </summary>
    public static bool Confirms(IHeaderDictionary stored, IHeaderDictionary notModified, bool strongly)
    {
        if (strongly)
            return Validators.StrongETag(stored) is { } strong
                && string.Equals(Validators.StrongETag(notModified), strong, StringComparison.Ordinal);
        if (notModified.ETag.Count == 0)
            return true;
        return Validators.ETag(stored) is { } held
            && Validators.ETag(notModified) is { } told
            && string.Equals(WithoutWeakness(held), WithoutWeakness(told), StringComparison.Ordinal);
    }

    /// <summary>The stored headers with those of the 304 laid over them, in a new dictionary; the stored one is not changed.</summary>
    public static HeaderDictionary Of(IHeaderDictionary stored, IHeaderDictionary notModified)
    {
        var fresh = new HeaderDictionary(stored.Count + notModified.Count);
        foreach (var (name, value) in stored)
            fresh[name] = value;
        // An Age that the 304 does not repeat belongs to the old response.
        fresh.Remove("Age");
        foreach (var (name, value) in notModified)
        {
            if (!OfTheBytes.Contains(name))
                fresh[name] = value;
        }
        return fresh;
    }

    private static string WithoutWeakness(string tag) => tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
}
