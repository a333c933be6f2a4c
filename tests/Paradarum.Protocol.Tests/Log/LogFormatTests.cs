using Google.Protobuf;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Protocol.Tests.Log;

/// <summary>docs/formats/log.md: these bytes outlive a process. A changed golden value is a changed format, never a fixed test.</summary>
public sealed class The_log_format
{
    private static readonly RecordPayload Purge = new()
    {
        PropertyId = 42,
        Purges = true,
        Purge = new PurgeBody
        {
            Rules =
            {
                new RuleMessage { Kind = RuleKind.Path, Value = "/caf%C3%A9" },
                new RuleMessage { Kind = RuleKind.All },
            },
            OnlyNode = "s1",
        },
    };

    private static readonly RecordPayload Property = new()
    {
        PropertyId = 7,
        Property = new PropertyBody
        {
            Name = "demo",
            State = PropertyState.Disabled,
            Hostnames =
            {
                new HostnameMessage { Name = "demo.cdn.localhost", Active = true },
            },
            Origins =
            {
                new OriginMessage
                {
                    Scheme = "http",
                    Host = "127.0.0.1",
                    Port = 8080,
                    HostHeader = "o.example",
                    SslVerify = true,
                },
            },
            QueryMode = new QueryModeMessage { Kind = QueryModeKind.Only, Values = { "utm" } },
            CacheRules =
            {
                new CacheRuleMessage
                {
                    Pattern = "/",
                    MatchType = 2,
                    TtlSeconds = 60,
                    BypassCookies = { "wp_" },
                },
            },
            Shield = new ShieldChoice { Enabled = true, ShieldId = "s1" },
        },
    };

    private static readonly RecordPayload Removed = new() { PropertyId = 7, PropertyRemoved = new PropertyRemoved() };

    [Fact]
    public void Of_a_purge_has_the_bytes_of_the_first_release() =>
        IsWrittenAs(Purge, "082a100152180a0e0803120a2f6361662543332541390a02080112027331");

    [Fact]
    public void Of_a_configuration_has_the_bytes_of_the_first_release() =>
        IsWrittenAs(
            Property,
            "08075a620a0464656d6f10021a160a1264656d6f2e63646e2e6c6f63616c686f7374100122210a046874747012093132372e302e302e3118903f22096f2e6578616d706c6528012a070803120375746d320c0a012f1002183c220377705f3a06080112027331"
        );

    [Fact]
    public void Of_a_removed_property_has_the_bytes_of_the_first_release() => IsWrittenAs(Removed, "08076200");

    [Fact]
    public void Of_the_chain_has_the_hashes_of_the_first_release()
    {
        var origin = Chain.Origin("0123456789abcdef0123456789abcdef");
        Convert.ToHexStringLower(origin).ShouldBe("3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9");
        var first = Chain.Next(origin, 1, Purge.ToByteArray());
        Convert
            .ToHexStringLower(Chain.Next(first, 2, Property.ToByteArray()))
            .ShouldBe("ced3e8499988a32c3b8be276abeeba96cb50d2c02ad5fcd91286237a84ee7226");
    }

    [Fact]
    public void Still_says_that_a_record_purges_and_whose_when_its_body_is_of_a_later_version()
    {
        // Field 99, which no version has yet, in place of the body.
        var payload = new RecordPayload { PropertyId = 42, Purges = true }.ToByteArray();
        var read = RecordPayload.Parser.ParseFrom([.. payload, 0x9a, 0x06, 0x01, 0x00]);
        (read.PropertyId, read.Purges, read.BodyCase).ShouldBe((42, true, RecordPayload.BodyOneofCase.None));
    }

    private static void IsWrittenAs(RecordPayload payload, string hex)
    {
        Convert.ToHexStringLower(payload.ToByteArray()).ShouldBe(hex);
        RecordPayload.Parser.ParseFrom(Convert.FromHexString(hex)).ShouldBe(payload);
    }
}

/// <summary>Design section 2: each record carries a hash over the previous hash and itself.</summary>
public sealed class The_chain
{
    [Fact]
    public void Of_two_epochs_differs_from_the_first_record_on() =>
        Chain.Next(Chain.Origin("a"), 1, [1]).ShouldNotBe(Chain.Next(Chain.Origin("b"), 1, [1]));

    /// <summary>Small records are put together before they are hashed, large ones are not.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(471)]
    [InlineData(472)]
    [InlineData(473)]
    [InlineData(100_000)]
    public void Is_a_hash_over_hash_position_and_payload_whatever_its_length(int length)
    {
        var (origin, payload) = (Chain.Origin("a"), new byte[length]);
        new Random(length).NextBytes(payload);

        Chain
            .Next(origin, 0x0102030405060708, payload)
            .ShouldBe(System.Security.Cryptography.SHA256.HashData([.. origin, 1, 2, 3, 4, 5, 6, 7, 8, .. payload]));
    }

    [Fact]
    public void Differs_by_position_payload_and_what_came_before()
    {
        var origin = Chain.Origin("a");
        var first = Chain.Next(origin, 1, [1]);
        Chain.Next(origin, 2, [1]).ShouldNotBe(first);
        Chain.Next(origin, 1, [2]).ShouldNotBe(first);
        Chain.Next(Chain.Next(origin, 1, [2]), 2, [1]).ShouldNotBe(Chain.Next(first, 2, [1]));
        Chain.Next(origin, 1, [1]).ShouldBe(first);
        first.Length.ShouldBe(Chain.HashLength);
    }
}
