using CsCheck;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Tests.Urls;

/// <summary>Contract 1.4, the canonical form.</summary>
public sealed class The_canonical_target
{
    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("?a=1", "/?a=1")]
    [InlineData("/a?", "/a?")]
    [InlineData("/images/logo.png", "/images/logo.png")]
    [InlineData("/caf\u00e9", "/caf%C3%A9")]
    [InlineData("/caf%c3%a9", "/caf%C3%A9")]
    [InlineData("/\U0001F600", "/%F0%9F%98%80")]
    [InlineData("/%7Euser/%41%2d%5f%2E%30", "/~user/A-_.0")]
    [InlineData("/100%", "/100%25")]
    [InlineData("/100%2", "/100%252")]
    [InlineData("/%zz", "/%25zz")]
    [InlineData("/%%34%31", "/%2541")]
    [InlineData("/a b\"<>\\^`{|}\t\u007f", "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%09%7F")]
    [InlineData("/a[1]:@!$&'()*+,;=", "/a[1]:@!$&'()*+,;=")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/b/.", "/a/b/")]
    [InlineData("/../../a", "/a")]
    [InlineData("/a/%2e%2E/b", "/b")]
    [InlineData("/a//../b", "/a/b")]
    [InlineData("/...", "/...")]
    [InlineData("/.a/..b", "/.a/..b")]
    [InlineData("/a?x=/../y", "/a?x=/../y")]
    [InlineData("/a?b?c", "/a?b?c")]
    [InlineData("/a?x=%7e&y=\u00e9&z=%", "/a?x=~&y=%C3%A9&z=%25")]
    public void Of_a_raw_target_is(string raw, string canonical) => Parse(raw).PathAndQuery.ShouldBe(canonical);

    [Theory]
    [InlineData("//a//b//")]
    [InlineData("/a%2Fb")]
    [InlineData("/a;v=1/b")]
    [InlineData("/a/")]
    [InlineData("/A")]
    [InlineData("/a?b=2&a=1&b=2")]
    [InlineData("/a+b?c+d")]
    [InlineData("/%3F%23")]
    public void Leaves_as_they_are_what_may_mean_something(string raw) => Parse(raw).PathAndQuery.ShouldBe(raw);

    [Theory]
    [InlineData("a")]
    [InlineData("*")]
    [InlineData("http://a/")]
    [InlineData("/a#b")]
    [InlineData("/a?b#")]
    public void Is_refused_for(string raw) => CanonicalTarget.Parse(raw).Ok(out _, out _).ShouldBeFalse();

    [Fact]
    public void Is_refused_for_half_a_surrogate_pair()
    {
        // Not as inline data: attributes are UTF-8 and cannot hold one.
        CanonicalTarget.Parse("/\ud800").Ok(out _, out _).ShouldBeFalse();
        CanonicalTarget.Parse("/a?\udc00x").Ok(out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Tells_an_empty_query_from_none()
    {
        Parse("/a").Query.ShouldBeNull();
        Parse("/a?").Query.ShouldBe("");
        Parse("/a?").ShouldNotBe(Parse("/a"));
        Parse("/a?b").ShouldBe(Parse("/a").WithQuery("b"));
    }

    [Fact]
    public void Over_2048_characters_is_not_stored()
    {
        Parse("/" + new string('a', 2047)).IsStorable.ShouldBeTrue();
        Parse("/" + new string('a', 2048)).IsStorable.ShouldBeFalse();
        Parse("/" + new string('\u00e9', 400)).IsStorable.ShouldBeFalse();
    }

    [Fact]
    public void Keeps_the_text_of_a_target_that_is_canonical_already()
    {
        const string raw = "/a/b.c%20d?x=%C3%A9";
        Parse(raw).PathAndQuery.ShouldBeSameAs(raw);
    }

    [Fact]
    public void Is_idempotent_and_ASCII_and_never_throws_whatever_the_text() =>
        AnyTarget.Sample(
            raw =>
            {
                if (!CanonicalTarget.Parse(raw).Ok(out var once, out var refusal))
                    return refusal.Message.Length > 0;
                return CanonicalTarget.Parse(once.PathAndQuery).Ok(out var twice, out _)
                    && twice.Equals(once)
                    && ReferenceEquals(twice.PathAndQuery, once.PathAndQuery)
                    && once.PathAndQuery.All(char.IsAscii)
                    && once.Path[0] == '/'
                    && !once.Path.Split('/').Any(segment => segment is "." or "..");
            },
            iter: 20_000
        );

    private static readonly Gen<string> AnyTarget = Gen.OneOf(
        Gen.OneOf(
                Gen.OneOf(
                    "/",
                    "/",
                    "..",
                    ".",
                    "%",
                    "%2e",
                    "%2F",
                    "%c3%a9",
                    "?",
                    "a",
                    "B",
                    "~",
                    "%7",
                    "\u00e9",
                    "\ud83d\ude00",
                    "\ud83d",
                    "+",
                    "&",
                    "="
                ),
                Gen.Char.Select(character => character.ToString())
            )
            .List[0, 14]
            .Select(parts => "/" + string.Concat(parts)),
        Gen.String
    );

    private static CanonicalTarget Parse(string raw)
    {
        CanonicalTarget.Parse(raw).Ok(out var target, out var refusal).ShouldBeTrue(refusal?.Message);
        return target!;
    }
}
