using System.Collections.Immutable;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Configuration;

/// <summary>What nodes know of a property; one configuration record replaces all of it (design section 2).</summary>
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
    public static PropertyConfiguration FromMessage(PropertyBody message) => throw new NotImplementedException();

    public PropertyBody ToMessage() => throw new NotImplementedException();
}

/// <summary>Name in canonical form, without a port.</summary>
public sealed record PropertyHostname(string Name, bool Active);

/// <summary>One origin server (contract part 3). An empty <paramref name="HostHeader"/> passes the visitor's host.</summary>
public sealed record Origin(string Scheme, string Host, int Port, string HostHeader, bool SslVerify);

/// <summary>A cache rule (contract part 3): <paramref name="TtlSeconds"/> counts where the origin gives no freshness; 0 never stores.</summary>
public sealed record CacheRule(string Pattern, CacheRuleMatch Match, long TtlSeconds, ImmutableArray<string> BypassCookies);

public enum CacheRuleMatch
{
    Equals = 0,
    Contains = 1,
    StartsWith = 2,
    EndsWith = 3,
    Regex = 4,
}
