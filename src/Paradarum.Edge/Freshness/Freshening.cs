using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>What a 304 does to a stored response (RFC 9111 §3.2, §4.3.4).</summary>
internal static class Freshening
{
    // What the stored bytes are read, cut and confirmed by: of a 304, which carries no bytes, it may be another representation's (§3.2).
    private static readonly FrozenSet<string> OfTheBytes = new[]
    {
        "Content-Digest",
        "Content-Encoding",
        "Content-Length",
        "Content-MD5",
        "Content-Range",
        "ETag",
        "Repr-Digest",
        "Transfer-Encoding",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a 304 speaks of this stored response. Asked with the one tag that is held, it says that this very tag matched (RFC 9110 §13.1.2), whatever tag it
    /// repeats itself: origins that code on the fly repeat another one. Asked by date, it must not name a strong tag, which is not held (§4.3.4).
    /// </summary>
    /// <param name="stored">The headers of what is held.</param>
    /// <param name="notModified">Those of the 304.</param>
    /// <param name="strongly">It must repeat a strong tag that is held, the only confirmation a fenced node accepts.</param>
    public static bool Confirms(IHeaderDictionary stored, IHeaderDictionary notModified, bool strongly)
    {
        if (strongly)
            return Validators.StrongETag(stored) is { } strong
                && string.Equals(Validators.StrongETag(notModified), strong, StringComparison.Ordinal);
        return Validators.ETag(stored) is not null || Validators.StrongETag(notModified) is null;
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
}
