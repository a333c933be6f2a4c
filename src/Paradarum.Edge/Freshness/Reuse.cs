using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>What may be done with a stored response for a request, and why (RFC 9111 §4, RFC 5861).</summary>
internal enum ReuseVerdict
{
    /// <summary>Fresh: served without asking.</summary>
    Fresh,

    /// <summary>Stale, and within stale-while-revalidate: served, and asked about in the background.</summary>
    StaleWhileRevalidate,

    /// <summary>Stale, and the visitor said with max-stale that this will do.</summary>
    StaleAccepted,

    /// <summary>Stale: ask upstream first.</summary>
    Stale,

    /// <summary>The response says no-cache: ask upstream first.</summary>
    NoCache,

    /// <summary>The request asks for confirmation (no-cache, max-age, min-fresh).</summary>
    AskedToRevalidate,
}

/// <summary>The facts about a stored response that decide its reuse, worked out once when it is stored. Durations are whole seconds.</summary>
internal readonly record struct StoredFreshness(
    Lifetime Lifetime,
    TimeSpan InitialAge,
    DateTimeOffset ResponseTime,
    bool NoCache,
    bool MustRevalidate,
    bool AllowsAuthorized,
    TimeSpan StaleWhileRevalidate,
    TimeSpan StaleIfError
)
{
    /// <param name="received">Headers as the origin sent them.</param>
    /// <param name="status">Its status.</param>
    /// <param name="requestTime">When the request left (§4.2.3).</param>
    /// <param name="responseTime">When the response's head arrived.</param>
    /// <param name="rule">TTL of the cache rule, or null.</param>
    /// <remarks>
    /// <c>must-revalidate</c> and <c>proxy-revalidate</c> forbid every stale use. <c>s-maxage</c> does too (§5.2.2.10), except where the same response
    /// allows it by stale-while-revalidate or stale-if-error: the origin's narrower word is taken (our choice).
    /// </remarks>
    public static StoredFreshness Of(
        IHeaderDictionary received,
        int status,
        DateTimeOffset requestTime,
        DateTimeOffset responseTime,
        TimeSpan? rule
    )
    {
        var control = CacheControl.OfResponse(received);
        return new(
            Lifetime.Of(received, control, status, rule),
            Age.CorrectedInitial(received, requestTime, responseTime),
            responseTime,
            control.Has(Directives.NoCache),
            control.Has(Directives.MustRevalidate | Directives.ProxyRevalidate) || control.SharedMaxAge is not null,
            StoreRules.AllowsAuthorized(control),
            ForbidsStale(control) ? TimeSpan.Zero : control.StaleWhileRevalidate ?? TimeSpan.Zero,
            ForbidsStale(control) ? TimeSpan.Zero : control.StaleIfError ?? TimeSpan.Zero
        );
    }

    public TimeSpan AgeAt(DateTimeOffset now) => Age.Current(InitialAge, ResponseTime, now);

    /// <summary>Seconds of freshness left; negative when stale. For <c>Cache-Status</c> (RFC 9211 §2.4).</summary>
    public long TtlAt(DateTimeOffset now) => (long)Math.Floor((Lifetime.Value - AgeAt(now)).TotalSeconds);

    /// <summary>Judges the reuse of a stored response.</summary>
    /// <param name="request">The request's directives; <c>default</c> where the operator does not let visitors force a revalidation.</param>
    /// <param name="now">The instant of the request.</param>
    public ReuseVerdict Judge(in CacheControl request, DateTimeOffset now)
    {
        var age = AgeAt(now);
        if (NoCache)
            return ReuseVerdict.NoCache;
        if (request.Has(Directives.NoCache) || age > request.MaxAge || Lifetime.Value - age < request.MinFresh)
            return ReuseVerdict.AskedToRevalidate;
        // §4.2: fresh while the lifetime is greater than the age.
        if (Lifetime.Value > age)
            return ReuseVerdict.Fresh;
        var staleness = age - Lifetime.Value;
        if (staleness < StaleWhileRevalidate)
            return ReuseVerdict.StaleWhileRevalidate;
        return !MustRevalidate && staleness <= request.MaxStale ? ReuseVerdict.StaleAccepted : ReuseVerdict.Stale;
    }

    /// <summary>Whether a failure upstream may be answered with this (RFC 5861 §4).</summary>
    public bool MayAnswerForError(DateTimeOffset now) => !NoCache && AgeAt(now) - Lifetime.Value < StaleIfError;

    /// <summary>The statuses that count as an error for stale-if-error (RFC 5861 §4).</summary>
    public static bool IsError(int status) => status is 500 or 502 or 503 or 504;

    /// <summary>Whether the origin forbade every use of it once it is stale, whatever goes wrong.</summary>
    public static bool OriginForbidsStale(IHeaderDictionary headers) => ForbidsStale(CacheControl.OfResponse(headers));

    private static bool ForbidsStale(in CacheControl control) =>
        control.Has(Directives.MustRevalidate | Directives.ProxyRevalidate | Directives.NoCache);
}
