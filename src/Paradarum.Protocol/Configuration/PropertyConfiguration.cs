using System.Collections.Immutable;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Configuration;

/// <summary>What nodes know of a property; one configuration record replaces all of it (design section 2). Equal when all it holds is equal, lists included.</summary>
public sealed record PropertyConfiguration(
    string Name,
    PropertyState State,
    ImmutableArray<PropertyHostname> Hostnames,
    ImmutableArray<Origin> Origins,
    QueryMode QueryMode,
    ImmutableArray<CacheRule> CacheRules,
    bool ShieldEnabled,
    string? ShieldId
)
{
    /// <summary>Seconds for which browsers may keep what a PoP serves from its store; null: as the origin says.</summary>
    public long? BrowserTtlSeconds { get; init; }

    /// <summary>When stale responses are served instead of a failure.</summary>
    public StaleConditions AlwaysOnline { get; init; }

    public HttpsChoice Https { get; init; } = HttpsChoice.None;

    /// <summary>Those that hostnames name, each once.</summary>
    public ImmutableArray<PropertyCertificate> Certificates { get; init; } = [];

    /// <summary>False when the record holds a choice that this version does not know: the node then puts the property on pass-through (design section 2).</summary>
    public static bool IsKnown(PropertyBody message) =>
        Enum.IsDefined(message.State)
        && Enum.IsDefined(message.QueryMode?.Kind ?? default)
        && message.CacheRules.All(rule => Enum.IsDefined((CacheRuleMatch)rule.MatchType) && Enum.IsDefined(rule.Key?.Query ?? default))
        && message.AlwaysOnline.All(code => StaleCodes.Read(code) != StaleConditions.None)
        && message.Origins.All(origin => origin.Scheme is "http" or "https");

    /// <summary>Reads a record that <see cref="IsKnown"/>. What is absent has its default: no query-string mode is the whole query, no shield choice is none.</summary>
    public static PropertyConfiguration FromMessage(PropertyBody message) =>
        new(
            message.Name,
            message.State,
            [.. message.Hostnames.Select(PropertyHostname.FromMessage)],
            [.. message.Origins.Select(origin => new Origin(origin.Scheme, origin.Host, origin.Port, origin.HostHeader, origin.SslVerify))],
            ReadQueryMode(message.QueryMode),
            [
                .. message.CacheRules.Select(rule => new CacheRule(
                    rule.Pattern,
                    (CacheRuleMatch)rule.MatchType,
                    rule.TtlSeconds,
                    [.. rule.BypassCookies]
                )
                {
                    Key = KeyParts.FromMessage(rule.Key),
                }),
            ],
            message.Shield?.Enabled ?? false,
            string.IsNullOrEmpty(message.Shield?.ShieldId) ? null : message.Shield.ShieldId
        )
        {
            BrowserTtlSeconds = message.BrowserCaching?.TtlSeconds,
            AlwaysOnline = message.AlwaysOnline.Aggregate(StaleConditions.None, (all, code) => all | StaleCodes.Read(code)),
            Https = HttpsChoice.FromMessage(message.Https),
            Certificates = [.. message.Certificates.Select(PropertyCertificate.FromMessage)],
        };

    public PropertyBody ToMessage()
    {
        var message = new PropertyBody
        {
            Name = Name,
            State = State,
            QueryMode = new QueryModeMessage { Kind = (Link.QueryModeKind)QueryMode.Kind },
            Shield = new ShieldChoice { Enabled = ShieldEnabled, ShieldId = ShieldId ?? "" },
            Https = Https.ToMessage(),
            BrowserCaching = BrowserTtlSeconds is { } browser ? new BrowserCachingMessage { TtlSeconds = browser } : null,
        };
        message.AlwaysOnline.AddRange(StaleCodes.Written(AlwaysOnline));
        message.QueryMode.Values.AddRange(QueryMode.Values);
        message.Hostnames.AddRange(Hostnames.Select(hostname => hostname.ToMessage()));
        message.Certificates.AddRange(Certificates.Select(certificate => certificate.ToMessage()));
        message.Origins.AddRange(
            Origins.Select(origin => new OriginMessage
            {
                Scheme = origin.Scheme,
                Host = origin.Host,
                Port = origin.Port,
                HostHeader = origin.HostHeader,
                SslVerify = origin.SslVerify,
            })
        );
        foreach (var rule in CacheRules)
        {
            var written = new CacheRuleMessage
            {
                Pattern = rule.Pattern,
                MatchType = (int)rule.Match,
                TtlSeconds = rule.TtlSeconds,
                Key = rule.Key.ToMessage(),
            };
            written.BypassCookies.AddRange(rule.BypassCookies);
            message.CacheRules.Add(written);
        }
        return message;
    }

    public bool Equals(PropertyConfiguration? other) =>
        other is not null
        && (Name, State, ShieldEnabled, ShieldId) == (other.Name, other.State, other.ShieldEnabled, other.ShieldId)
        && (BrowserTtlSeconds, AlwaysOnline, Https) == (other.BrowserTtlSeconds, other.AlwaysOnline, other.Https)
        && QueryMode.Equals(other.QueryMode)
        && Hostnames.AsSpan().SequenceEqual(other.Hostnames.AsSpan())
        && Origins.AsSpan().SequenceEqual(other.Origins.AsSpan())
        && Certificates.AsSpan().SequenceEqual(other.Certificates.AsSpan())
        && CacheRules.AsSpan().SequenceEqual(other.CacheRules.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, State, Hostnames.Length, Origins.Length, CacheRules.Length);

    // The two enumerations have the same numbers; a test holds them together.
    private static QueryMode ReadQueryMode(QueryModeMessage? message) =>
        message is null ? QueryMode.WholeQuery : new QueryMode((Urls.QueryModeKind)message.Kind, [.. message.Values]);
}

/// <summary>Name in canonical form, without a port.</summary>
public sealed record PropertyHostname(string Name, bool Active)
{
    /// <summary>Id of the certificate it is served over HTTPS with; null: it has none.</summary>
    public string? CertificateId { get; init; }

    internal static PropertyHostname FromMessage(HostnameMessage message) =>
        new(message.Name, message.Active) { CertificateId = message.Certificate.Length == 0 ? null : message.Certificate };

    internal HostnameMessage ToMessage() =>
        new()
        {
            Name = Name,
            Active = Active,
            Certificate = CertificateId ?? "",
        };
}

/// <summary>One origin server (contract part 3). An empty <paramref name="HostHeader"/> passes the visitor's host.</summary>
public sealed record Origin(string Scheme, string Host, int Port, string HostHeader, bool SslVerify);

/// <summary>A cache rule (contract part 3): <paramref name="TtlSeconds"/> counts where the origin gives no freshness; 0 never stores.</summary>
public sealed record CacheRule(string Pattern, CacheRuleMatch Match, long TtlSeconds, ImmutableArray<string> BypassCookies)
{
    /// <summary>What the rule makes of the key.</summary>
    public KeyParts Key { get; init; } = KeyParts.None;

    public bool Equals(CacheRule? other) =>
        other is not null
        && (Pattern, Match, TtlSeconds, Key) == (other.Pattern, other.Match, other.TtlSeconds, other.Key)
        && BypassCookies.AsSpan().SequenceEqual(other.BypassCookies.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Pattern, Match, TtlSeconds, BypassCookies.Length);
}

public enum CacheRuleMatch
{
    Equals = 0,
    Contains = 1,
    StartsWith = 2,
    EndsWith = 3,
    Regex = 4,
}
