using System.Globalization;
using System.Text;

namespace Paradarum.Edge.Serving;

/// <summary>How a request was answered: the <c>X-Cache</c> header in a word.</summary>
internal enum Served
{
    Hit,
    Miss,
    Stale,
    Revalidated,
    Bypass,
}

/// <summary>Why a request went upstream (RFC 9211 §2.2); <see cref="None"/> when it did not.</summary>
internal enum Forward
{
    None,
    Bypass,
    Method,
    UriMiss,
    VaryMiss,
    Miss,
    Request,
    Stale,

    /// <summary>The response is stored, but not all of its slices.</summary>
    Partial,
}

/// <summary>What was decided for one request and why; written to <c>Cache-Status</c> and <c>X-Cache</c>, and asserted by the tests.</summary>
internal readonly record struct Decision(Served Served, Forward Forward = Forward.None)
{
    /// <summary>Status that came from upstream, where it is not the one that is answered; 0: not said.</summary>
    public int ForwardStatus { get; init; }

    public bool Stored { get; init; }

    /// <summary>Shared the fetch of another request.</summary>
    public bool Collapsed { get; init; }

    /// <summary>Seconds of freshness left; negative when stale.</summary>
    public long? Ttl { get; init; }

    /// <summary>The reason in a word of this project, for example why it was not stored or not used.</summary>
    public string? Detail { get; init; }

    public string XCache =>
        Served switch
        {
            Served.Hit => "HIT",
            Served.Miss => "MISS",
            Served.Stale => "STALE",
            Served.Revalidated => "REVALIDATED",
            _ => "BYPASS",
        };

    /// <summary>This node's member of <c>Cache-Status</c> (RFC 9211).</summary>
    public string CacheStatus(string node)
    {
        if (Forward == Forward.None && Detail is null)
            return string.Create(CultureInfo.InvariantCulture, $"{node}; hit; ttl={Ttl ?? 0}");

        var text = new StringBuilder(node);
        if (Forward == Forward.None)
            text.Append("; hit");
        else
            text.Append("; fwd=").Append(Token(Forward));
        if (ForwardStatus != 0)
            text.Append(CultureInfo.InvariantCulture, $"; fwd-status={ForwardStatus}");
        if (Ttl is { } ttl)
            text.Append(CultureInfo.InvariantCulture, $"; ttl={ttl}");
        if (Stored)
            text.Append("; stored");
        if (Collapsed)
            text.Append("; collapsed");
        if (Detail is not null)
            text.Append("; detail=").Append(Detail);
        return text.ToString();
    }

    private static string Token(Forward forward) =>
        forward switch
        {
            Forward.Bypass => "bypass",
            Forward.Method => "method",
            Forward.UriMiss => "uri-miss",
            Forward.VaryMiss => "vary-miss",
            Forward.Request => "request",
            Forward.Stale => "stale",
            Forward.Partial => "partial",
            _ => "miss",
        };
}
