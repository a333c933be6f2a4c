using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>Which header decided a lifetime; reaches <c>Cache-Status</c> and the tests.</summary>
internal enum LifetimeSource
{
    None,
    SharedMaxAge,
    MaxAge,
    Expires,
    CacheRule,
}

/// <summary>How long a stored response may be reused without asking the origin (RFC 9111 §4.2.1, shared cache).</summary>
internal readonly record struct Lifetime(TimeSpan Value, LifetimeSource Source)
{
    /// <param name="stored">Headers as the origin sent them, with a Date (<see cref="HttpDate.Ensure"/>), before this node changed any.</param>
    /// <param name="control">Their Cache-Control, read.</param>
    /// <param name="fallback">The TTL of the cache rule, used only when the origin gave no lifetime at all and the status allows a guess; null: no rule.</param>
    /// <param name="status">The status: only those of RFC 9110 §15.1 take the fallback.</param>
    /// <returns>
    /// Whole seconds from 0 (keep, but revalidate before first reuse) to 2 147 483 648 (§1.2.2). Compare it with the response's age
    /// (§4.2.3), not with the time it has spent in this cache.
    /// </returns>
    /// <remarks>
    /// First that is present wins: <c>s-maxage</c>, <c>max-age</c>, <c>Expires</c> minus <c>Date</c>, the fallback. No other heuristic is used.
    /// <c>Expires: 0</c>, one that does not parse and one given twice give 0 (§5.3). Never throws, whatever the headers hold.
    /// </remarks>
    /// <example><c>max-age=60, s-maxage=5</c> gives 5 s.</example>
    public static Lifetime Of(IHeaderDictionary stored, in CacheControl control, int status, TimeSpan? fallback)
    {
        if (control.SharedMaxAge is { } shared)
            return new(shared, LifetimeSource.SharedMaxAge);
        if (control.MaxAge is { } own)
            return new(own, LifetimeSource.MaxAge);
        if (stored.Expires.Count > 0)
            return new(UntilExpires(stored), LifetimeSource.Expires);
        return fallback is { } rule && StoreRules.IsCacheableByDefault(status)
            ? new(rule, LifetimeSource.CacheRule)
            : new(TimeSpan.Zero, LifetimeSource.None);
    }

    private static TimeSpan UntilExpires(IHeaderDictionary stored)
    {
        if (HttpDate.Parse(stored.Expires) is not { } expires || HttpDate.Parse(stored.Date) is not { } date)
            return TimeSpan.Zero;
        var lifetime = expires - date;
        return lifetime < TimeSpan.Zero ? TimeSpan.Zero : lifetime;
    }
}
