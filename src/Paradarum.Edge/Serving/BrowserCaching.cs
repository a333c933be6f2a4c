using System.Globalization;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Serving;

/// <summary>Browser caching (contract part 3): how long the visitor's own cache may keep what a PoP serves, whatever the origin says.</summary>
internal static class BrowserCaching
{
    /// <summary>Rewrites the visitor's Cache-Control and takes Expires and Pragma out; the stored response and what goes between tiers stay as they are.</summary>
    /// <param name="visit">Of a PoP; a shield's is left alone.</param>
    /// <param name="response">Its head is written; of something that was, or could be, stored: never of what is private.</param>
    /// <param name="freshness">Of the response: a browser counts its age in, so that is added.</param>
    public static void Rewrite(Visit visit, IHeaderDictionary response, in StoredFreshness freshness)
    {
        if (
            visit.Property.Configuration.BrowserTtlSeconds is not { } ttl
            || visit.Tier is not null
            || freshness.NoCache
            || response.SetCookie.Count > 0
        )
            return;
        var seconds = ttl + Age.InSeconds(freshness.AgeAt(visit.Now));
        response.CacheControl = string.Create(CultureInfo.InvariantCulture, $"max-age={seconds}");
        response.Remove("Expires");
        response.Remove("Pragma");
    }
}
