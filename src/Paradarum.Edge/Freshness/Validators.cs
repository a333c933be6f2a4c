using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>ETag and Last-Modified: what they say about a stored response, towards the origin and towards visitors (RFC 9110 §8.8, §13).</summary>
internal static class Validators
{
    public static bool Has(IHeaderDictionary headers) => ETag(headers) is not null || HttpDate.Parse(headers.LastModified) is not null;

    /// <summary>The entity tag as sent; null when there is none, several, or it is not in the form of §8.8.3.</summary>
    public static string? ETag(IHeaderDictionary headers) =>
        headers.ETag.Count == 1 && headers.ETag[0] is { } tag && IsTag(tag.AsSpan()) ? tag : null;

    /// <summary>A strong entity tag, or null: on a fenced node the only word that counts (design section 3, Leases).</summary>
    public static string? StrongETag(IHeaderDictionary headers) => ETag(headers) is ['"', ..] tag ? tag : null;

    /// <summary>Whether what a visitor holds is what is stored, so that 304 is the answer (RFC 9110 §13.2.2, steps 3 and 4).</summary>
    /// <remarks>If-None-Match wins over If-Modified-Since; comparison is weak. Only a stored 200 is answered so. Never throws.</remarks>
    public static bool VisitorHolds(IHeaderDictionary request, int status, IHeaderDictionary stored)
    {
        if (status != 200)
            return false;
        if (request.IfNoneMatch.Count > 0)
            return AnyMatches(request.IfNoneMatch, ETag(stored));
        return HttpDate.Parse(request.IfModifiedSince) is { } since
            && (HttpDate.Parse(stored.LastModified) ?? HttpDate.Parse(stored.Date)) is { } modified
            && modified <= since;
    }

    /// <summary>Whether a Range may be cut out of what is stored: no If-Range, or one that matches strongly (RFC 9110 §13.1.5).</summary>
    public static bool RangeApplies(IHeaderDictionary request, IHeaderDictionary stored)
    {
        if (request.IfRange.Count == 0)
            return true;
        if (request.IfRange.Count != 1 || request.IfRange[0] is not { } value)
            return false;
        if (value.StartsWith('"'))
            return string.Equals(value, StrongETag(stored), StringComparison.Ordinal);
        // A date is a strong validator only when it is well before the response's own Date (§8.8.2.2).
        return HttpDate.Parse(value) is { } date
            && HttpDate.Parse(stored.LastModified) == date
            && HttpDate.Parse(stored.Date) is { } sent
            && sent - date >= TimeSpan.FromSeconds(1);
    }

    private static bool AnyMatches(StringValues ifNoneMatch, string? stored)
    {
        foreach (var line in ifNoneMatch)
        {
            var rest = line.AsSpan().Trim(" \t");
            if (rest is "*")
                return true;
            while (TakeTag(ref rest, out var tag))
            {
                if (stored is not null && Opaque(tag).SequenceEqual(Opaque(stored)))
                    return true;
            }
        }
        return false;
    }

    private static bool TakeTag(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> tag)
    {
        tag = default;
        rest = rest.TrimStart(", \t");
        var open = rest.StartsWith("W/") ? 2 : 0;
        if (rest.Length <= open || rest[open] != '"')
            return false;
        var close = rest[(open + 1)..].IndexOf('"');
        if (close < 0)
            return false;
        tag = rest[..(open + close + 2)];
        rest = rest[tag.Length..];
        return true;
    }

    private static ReadOnlySpan<char> Opaque(ReadOnlySpan<char> tag) => tag.StartsWith("W/") ? tag[2..] : tag;

    private static bool IsTag(ReadOnlySpan<char> tag)
    {
        var opaque = Opaque(tag);
        return opaque.Length >= 2 && opaque[0] == '"' && opaque[^1] == '"' && !opaque[1..^1].ContainsAny("\" \t");
    }
}
