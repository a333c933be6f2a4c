using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>Whether a response may be stored, and if not, why (RFC 9111 §3). The reason reaches <c>Cache-Status</c> as its detail.</summary>
internal enum StoreVerdict
{
    Stored,
    Method,
    RequestNoStore,
    Status,
    NotUnderstood,
    NoStore,
    Private,
    SetCookie,
    Authorization,
    VaryStar,
    RuleNeverStores,
    NothingToReuse,
}

/// <summary>What a shared cache may keep (RFC 9111 §3).</summary>
internal static class StoreRules
{
    /// <param name="method">Only GET is stored.</param>
    /// <param name="request">Headers of the request that was sent upstream.</param>
    /// <param name="status">Final status of the response.</param>
    /// <param name="received">Headers as the origin sent them.</param>
    /// <param name="control">Their Cache-Control, read.</param>
    /// <param name="rule">TTL of the property's cache rule; zero never stores, whatever the origin says; null: no rule.</param>
    /// <remarks>
    /// Stricter than the clause where a shared cache that guesses wrong would hand one visitor's page to another: a response with <c>Set-Cookie</c>
    /// is stored only where the origin itself gave it <c>max-age</c> or <c>s-maxage</c> and no <c>no-cache</c>, a partial response (206) is not kept, and a rule's TTL never counts
    /// against no-store, private or Set-Cookie.
    /// A response that is neither fresh for a while nor can be revalidated is not worth its memory and is not stored either. Never throws.
    /// </remarks>
    public static StoreVerdict Judge(
        string method,
        IHeaderDictionary request,
        int status,
        IHeaderDictionary received,
        in CacheControl control,
        TimeSpan? rule
    )
    {
        if (!HttpMethods.IsGet(method))
            return StoreVerdict.Method;
        if (CacheControl.Parse(request.CacheControl).Has(Directives.NoStore))
            return StoreVerdict.RequestNoStore;
        // 206 is combined only under one strong ETag (slices come later); 304 updates, it is not stored.
        if (status is < 200 or 206 or 304 or > 599)
            return StoreVerdict.Status;
        // §5.2.2.3: must-understand overrides no-store where the status is understood, and forbids storing where it is not.
        var understood = IsUnderstood(status);
        if (control.Has(Directives.MustUnderstand) && !understood)
            return StoreVerdict.NotUnderstood;
        if (control.Has(Directives.NoStore) && !control.Has(Directives.MustUnderstand))
            return StoreVerdict.NoStore;
        if (control.Has(Directives.Private))
            return StoreVerdict.Private;
        if (request.Authorization.Count > 0 && !AllowsAuthorized(control))
            return StoreVerdict.Authorization;
        if (NamesStar(received.Vary))
            return StoreVerdict.VaryStar;
        if (rule == TimeSpan.Zero)
            return StoreVerdict.RuleNeverStores;

        var lifetime = Lifetime.Of(received, control, status, rule);
        // RFC 9111 §7.3: a cookie does not inhibit caching where the origin says how long the response is good for all; a guess is not enough.
        if (received.SetCookie.Count > 0 && (!lifetime.IsDirected || control.Has(Directives.NoCache)))
            return StoreVerdict.SetCookie;
        // §3: without explicit freshness or public, only statuses that are cacheable by default.
        if (lifetime.Source == LifetimeSource.None && !control.Has(Directives.Public) && !IsCacheableByDefault(status))
            return StoreVerdict.Status;
        var reusable = lifetime.Value > TimeSpan.Zero || (status == 200 && Validators.Has(received));
        return reusable ? StoreVerdict.Stored : StoreVerdict.NothingToReuse;
    }

    /// <summary>Statuses that may be stored without explicit freshness (RFC 9110 §15.1), 206 excepted.</summary>
    public static bool IsCacheableByDefault(int status) =>
        status is 200 or 203 or 204 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    private static bool IsUnderstood(int status) =>
        IsCacheableByDefault(status) || status is 302 or 303 or 307 or 400 or 401 or 403 or 451 or 500 or 502 or 503 or 504;

    /// <summary>§3.5: what an authorised request got may be kept for others only with the origin's word.</summary>
    public static bool AllowsAuthorized(in CacheControl control) =>
        control.Has(Directives.Public | Directives.MustRevalidate) || control.SharedMaxAge is not null;

    private static bool NamesStar(StringValues vary)
    {
        foreach (var line in vary)
        {
            foreach (var name in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[name].Trim(" \t") is "*")
                    return true;
            }
        }
        return false;
    }
}
