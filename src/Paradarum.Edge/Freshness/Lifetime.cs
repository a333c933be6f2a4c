using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>Which header decided a lifetime; reaches <c>Cache-Status</c> and the tests.</summary>
internal enum LifetimeSource : byte
{
    None,
    SharedMaxAge,
    MaxAge,
    Expires,
    CacheRule,
    Heuristic,
}

/// <summary>How long a stored response may be reused without asking the origin (RFC 9111 §4.2.1, shared cache).</summary>
internal readonly record struct Lifetime(TimeSpan Value, LifetimeSource Source)
{
    /// <summary>
    /// The longest guess. Short, since nobody promised it: an origin that says nothing about freshness may change a page at any moment, and not everyone purges.
    /// </summary>
    private static readonly TimeSpan LongestGuess = TimeSpan.FromHours(1);

    /// <summary>The origin itself said how long, in a directive of Cache-Control or of the targeted field.</summary>
    public bool IsDirected => Source is LifetimeSource.SharedMaxAge or LifetimeSource.MaxAge;

    /// <summary>The origin itself said how long, in whatever field.</summary>
    public bool IsExplicit => IsDirected || Source == LifetimeSource.Expires;

    /// <param name="stored">Headers as the origin sent them, with a Date (<see cref="HttpDate.Ensure"/>), before this node changed any.</param>
    /// <param name="control">Their Cache-Control, read.</param>
    /// <param name="status">The status: only those of RFC 9110 §15.1 take the fallback; a guess is made for them, and for any other with <c>public</c> (§4.2.2).</param>
    /// <param name="fallback">The TTL of the cache rule, used only when the origin gave no lifetime at all and the status allows a guess; null: no rule.</param>
    /// <returns>
    /// Whole seconds from 0 (keep, but revalidate before first reuse) to 2 147 483 648 (§1.2.2). Compare it with the response's age
    /// (§4.2.3), not with the time it has spent in this cache.
    /// </returns>
    /// <remarks>
    /// First that is present wins: <c>s-maxage</c>, <c>max-age</c>, <c>Expires</c> minus <c>Date</c>, the fallback, a tenth of the time since
    /// <c>Last-Modified</c> but at most an hour (§4.2.2). <c>Expires: 0</c>, one that does not parse and one given twice give 0 (§5.3); beside a targeted field
    /// it is not looked at. Never throws, whatever the headers hold.
    /// </remarks>
    /// <example><c>max-age=60, s-maxage=5</c> gives 5 s.</example>
    public static Lifetime Of(IHeaderDictionary stored, in CacheControl control, int status, TimeSpan? fallback)
    {
        if (control.SharedMaxAge is { } shared)
            return new(shared, LifetimeSource.SharedMaxAge);
        if (control.MaxAge is { } own)
            return new(own, LifetimeSource.MaxAge);
        if (stored.Expires.Count > 0 && !control.IsTargeted)
            return new(UntilExpires(stored), LifetimeSource.Expires);
        var byDefault = StoreRules.IsCacheableByDefault(status);
        if (fallback is { } rule && byDefault)
            return new(rule, LifetimeSource.CacheRule);
        var guess = byDefault || control.Has(Directives.Public) ? Guess(stored) : TimeSpan.Zero;
        return new(guess, guess > TimeSpan.Zero ? LifetimeSource.Heuristic : LifetimeSource.None);
    }

    private static TimeSpan Guess(IHeaderDictionary stored)
    {
        if (HttpDate.Parse(stored.LastModified) is not { } modified || HttpDate.Parse(stored.Date) is not { } date)
            return TimeSpan.Zero;
        return TimeSpan.FromSeconds(Math.Clamp(Math.Floor((date - modified).TotalSeconds / 10), 0, LongestGuess.TotalSeconds));
    }

    private static TimeSpan UntilExpires(IHeaderDictionary stored)
    {
        if (HttpDate.Parse(stored.Expires) is not { } expires || HttpDate.Parse(stored.Date) is not { } date)
            return TimeSpan.Zero;
        var lifetime = expires - date;
        return lifetime < TimeSpan.Zero ? TimeSpan.Zero : lifetime;
    }
}
