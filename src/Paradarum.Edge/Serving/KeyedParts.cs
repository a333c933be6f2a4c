using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving;

/// <summary>What a cache rule reads from a request's headers: the parts of the key beside the target, and who is not served from the cache at all.</summary>
internal static class KeyedParts
{
    /// <summary>Longer ones are keyed by their digest, so that a visitor's header does not fill the memory, in characters.</summary>
    internal const int Longest = 256;

    /// <summary>Equal for two requests exactly when all named headers and cookies are. Empty when the rule names none.</summary>
    /// <remarks>A header that is absent is not one that is empty; a cookie's first value counts.</remarks>
    public static string Of(KeyParts parts, IHeaderDictionary request)
    {
        if (!parts.ReadsHeaders)
            return "";
        // No header value holds a line feed, so the text has one reading.
        var text = new StringBuilder();
        foreach (var name in parts.Headers)
            Append(text, VaryKey.Normalised(name, request));
        foreach (var name in parts.Cookies)
            Append(text, Cookie(name, request));
        return text.Length <= Longest
            ? text.ToString()
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.Unicode.GetBytes(text.ToString())));
    }

    /// <summary>Whether the visitor carries a cookie whose name begins as one of the rule's bypass cookies.</summary>
    public static bool Bypasses(CacheRule rule, IHeaderDictionary request)
    {
        if (rule.BypassCookies.IsDefaultOrEmpty)
            return false;
        foreach (var line in request.Cookie)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[range].TrimStart();
                var name = pair.IndexOf('=') is var end and >= 0 ? pair[..end] : pair;
                foreach (var prefix in rule.BypassCookies)
                {
                    if (name.StartsWith(prefix, StringComparison.Ordinal))
                        return true;
                }
            }
        }
        return false;
    }

    private static void Append(StringBuilder text, string? value)
    {
        if (value is not null)
            text.Append('=').Append(value);
        text.Append('\n');
    }

    private static string? Cookie(string name, IHeaderDictionary request)
    {
        foreach (var line in request.Cookie)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[range].Trim(' ');
                var end = pair.IndexOf('=');
                if (end >= 0 && pair[..end].SequenceEqual(name))
                    return pair[(end + 1)..].ToString();
            }
        }
        return null;
    }
}
