using CsCheck;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Tests.Urls;

/// <summary>Contract 1.4: lower case, A-labels, no trailing dot, no default port.</summary>
public sealed class The_canonical_host
{
    [Theory]
    [InlineData("example.com", "http", "example.com", null)]
    [InlineData("WWW.Example.COM.", "http", "www.example.com", null)]
    [InlineData("example.com:80", "http", "example.com", null)]
    [InlineData("example.com:443", "https", "example.com", null)]
    [InlineData("example.com:443", "http", "example.com", 443)]
    [InlineData("example.com.:8080", "http", "example.com", 8080)]
    [InlineData("example.com:", "http", "example.com", null)]
    [InlineData("demo.cdn.localhost:5300", "http", "demo.cdn.localhost", 5300)]
    [InlineData("b\u00fccher.example", "http", "xn--bcher-kva.example", null)]
    [InlineData("B\u00dcCHER.Example", "http", "xn--bcher-kva.example", null)]
    [InlineData("XN--BCHER-KVA.example", "http", "xn--bcher-kva.example", null)]
    [InlineData("\u4f8b\u5b50\u3002\u6d4b\u8bd5", "http", "xn--fsqu00a.xn--0zwm56d", null)]
    [InlineData("_dmarc.example", "http", "_dmarc.example", null)]
    [InlineData("127.0.0.1:5252", "http", "127.0.0.1", 5252)]
    [InlineData("1.example", "http", "1.example", null)]
    [InlineData("[::1]", "http", "[::1]", null)]
    [InlineData("[2001:DB8:0:0::0:1]:8443", "https", "[2001:db8::1]", 8443)]
    public void Of(string raw, string scheme, string host, int? port)
    {
        CanonicalHost.Parse(raw, scheme).Ok(out var parsed, out var refusal).ShouldBeTrue(refusal?.Message);
        parsed.ShouldBe((host, port));
        CanonicalHost.Parse(parsed.Host, scheme).Ok(out var again, out _).ShouldBeTrue();
        again.ShouldBe((host, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a@b")]
    [InlineData("a%41")]
    [InlineData("a:b")]
    [InlineData("a:0")]
    [InlineData("a:65536")]
    [InlineData("a:+80")]
    [InlineData("a:80:80")]
    [InlineData("-a.example")]
    [InlineData("a-.example")]
    [InlineData("127.1")]
    [InlineData("0x7f.1")]
    [InlineData("127.0.0.01")]
    [InlineData("256.0.0.1")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("[1.2.3.4]")]
    [InlineData("[fe80::1%eth0]")]
    [InlineData("[]")]
    [InlineData("::1")]
    [InlineData("a\0b")]
    public void Is_refused_for(string raw)
    {
        CanonicalHost.Parse(raw, "http").Ok(out _, out var refusal).ShouldBeFalse();
        refusal!.Message.ShouldStartWith($"Host '{raw}' is not valid.");
    }

    [Fact]
    public void Is_refused_for_half_a_surrogate_pair() => CanonicalHost.Parse("a\ud800.example", "http").Ok(out _, out _).ShouldBeFalse();

    [Fact]
    public void Is_refused_for_overlong_labels_and_names()
    {
        CanonicalHost.Parse(new string('a', 63) + ".example", "http").Ok(out _, out _).ShouldBeTrue();
        CanonicalHost.Parse(new string('a', 64) + ".example", "http").Ok(out _, out _).ShouldBeFalse();
        CanonicalHost.Parse(string.Join('.', Enumerable.Repeat(new string('a', 63), 4)), "http").Ok(out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Keeps_the_text_of_a_host_that_is_canonical_already()
    {
        const string raw = "demo.cdn.localhost";
        CanonicalHost.Parse(raw, "http").Ok(out var parsed, out _).ShouldBeTrue();
        parsed.Host.ShouldBeSameAs(raw);
    }

    [Fact]
    public void Is_idempotent_and_never_throws_whatever_the_text() =>
        Gen.OneOf(Gen.String, Gen.Char["aB.-:[]\u00fc\u00df\ud8001\u3002"].Array[0, 12].Select(parts => new string(parts)))
            .Sample(
                raw =>
                    !CanonicalHost.Parse(raw, "http").Ok(out var once, out _)
                    || (CanonicalHost.Parse(once.Host, "http").Ok(out var twice, out _) && twice == (once.Host, null)),
                iter: 20_000
            );
}
