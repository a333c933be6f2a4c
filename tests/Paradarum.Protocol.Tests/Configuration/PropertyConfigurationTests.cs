using CsCheck;
using Google.Protobuf;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Tests.Configuration;

public sealed class The_configuration_of_a_property
{
    [Fact]
    public void Survives_the_log() =>
        AnyConfiguration.Sample(configuration =>
        {
            var body = PropertyBody.Parser.ParseFrom(configuration.ToMessage().ToByteArray());
            return PropertyConfiguration.IsKnown(body) && PropertyConfiguration.FromMessage(body).Equals(configuration);
        });

    [Fact]
    public void With_nothing_in_it_has_the_defaults()
    {
        var read = PropertyConfiguration.FromMessage(new PropertyBody { Name = "demo" });
        read.State.ShouldBe(PropertyState.Active);
        read.QueryMode.ShouldBe(QueryMode.WholeQuery);
        (read.ShieldEnabled, read.ShieldId).ShouldBe((false, null));
        read.Hostnames.ShouldBeEmpty();
    }

    [Fact]
    public void With_a_choice_of_a_later_version_is_not_known()
    {
        PropertyConfiguration.IsKnown(new PropertyBody()).ShouldBeTrue();
        PropertyConfiguration.IsKnown(new PropertyBody { State = (PropertyState)9 }).ShouldBeFalse();
        PropertyConfiguration.IsKnown(new PropertyBody { QueryMode = new() { Kind = (Link.QueryModeKind)9 } }).ShouldBeFalse();
        PropertyConfiguration.IsKnown(new PropertyBody { CacheRules = { new CacheRuleMessage { MatchType = 9 } } }).ShouldBeFalse();
        PropertyConfiguration
            .IsKnown(new PropertyBody { CacheRules = { new CacheRuleMessage { Key = new() { Query = (RuleQuery)9 } } } })
            .ShouldBeFalse();
        PropertyConfiguration.IsKnown(new PropertyBody { AlwaysOnline = { "teapot" } }).ShouldBeFalse();
        PropertyConfiguration.IsKnown(new PropertyBody { Origins = { new OriginMessage { Scheme = "quic" } } }).ShouldBeFalse();
    }

    [Fact]
    public void Numbers_the_query_modes_as_the_log_does() =>
        Enum.GetValues<Protocol.Urls.QueryModeKind>()
            .Select(kind => ((int)kind, kind.ToString()))
            .ShouldBe(Enum.GetValues<Link.QueryModeKind>().Select(kind => ((int)kind, kind.ToString())));

    private static readonly Gen<string> Text = Gen.String[Gen.Char.AlphaNumeric, 1, 8];

    private static readonly Gen<KeyParts> AnyKey = Gen.Select(Gen.Enum<RuleQuery>(), Text.List[0, 2], Text.List[0, 2], KeyParts.Of);

    private static readonly Gen<PropertyCertificate> AnyCertificate = Gen.Select(
        Text,
        Gen.Byte.Array[0, 40].List[0, 3],
        Gen.Byte.Array[0, 40],
        (id, chain, key) => new PropertyCertificate(id, [.. chain.Select(der => (ReadOnlyMemory<byte>)der)], key)
    );

    private static readonly Gen<PropertyConfiguration> AnyConfiguration = Gen.Select(
        Text,
        Gen.Enum<PropertyState>(),
        Gen.Select(Text, Gen.Bool, Gen.OneOf(Text.Select(id => (string?)id), Gen.Const((string?)null)))
            .Select((name, active, certificate) => new PropertyHostname(name, active) { CertificateId = certificate })
            .List[0, 3],
        Gen.Select(
            Gen.OneOf("http", "https"),
            Text,
            Gen.Int[1, 65535],
            Gen.OneOf(Text, Gen.Const("")),
            Gen.Bool,
            (scheme, host, port, header, verify) => new Origin(scheme, host, port, header, verify)
        ).List[0, 3],
        Gen.Select(Gen.Enum<Protocol.Urls.QueryModeKind>(), Text.List[0, 3], (kind, values) => new QueryMode(kind, [.. values])),
        Gen.Select(
            Text,
            Gen.Enum<CacheRuleMatch>(),
            Gen.Long[0, 1_000_000],
            Text.List[0, 3],
            AnyKey,
            (pattern, match, ttl, cookies, key) => new CacheRule(pattern, match, ttl, [.. cookies]) { Key = key }
        ).List[0, 3],
        Gen.Select(Gen.Bool, Gen.OneOf(Text.Select(id => (string?)id), Gen.Const((string?)null))),
        Gen.Select(
            Gen.OneOf(Gen.Long[0, 1000].Select(ttl => (long?)ttl), Gen.Const((long?)null)),
            Gen.Int[0, 2047],
            AnyCertificate.List[0, 2],
            Gen.Select(Gen.Bool, Gen.Long[0, 3], (redirect, hsts) => new HttpsChoice(redirect, hsts))
        ),
        (name, state, hostnames, origins, mode, rules, shield, general) =>
            new PropertyConfiguration(name, state, [.. hostnames], [.. origins], mode, [.. rules], shield.Item1, shield.Item2)
            {
                BrowserTtlSeconds = general.Item1,
                AlwaysOnline = (StaleConditions)general.Item2,
                Certificates = [.. general.Item3],
                Https = general.Item4,
            }
    );
}
