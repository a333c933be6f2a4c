using System.Collections.Immutable;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Testing.Edge;

/// <summary>A property as tests configure it: one host, one origin, no shield, the whole query in the key.</summary>
internal static class Site
{
    public const long Id = 7;

    public const string Host = "site.cdn.localhost";

    public static PropertyConfiguration At(ScriptedOrigin origin) =>
        new(
            "site",
            PropertyState.Active,
            [new PropertyHostname(Host, Active: true)],
            [new Origin("http", "127.0.0.1", origin.Port, "", SslVerify: true)],
            QueryMode.WholeQuery,
            [],
            ShieldEnabled: false,
            ShieldId: null
        );

    public static PropertyConfiguration With(this PropertyConfiguration site, params ImmutableArray<CacheRule> rules) =>
        site with
        {
            CacheRules = rules,
        };
}
