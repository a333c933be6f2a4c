using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Tests.Purging;

/// <summary>Contract 1.4, row by row. The property keys without <c>utm</c> unless a test says otherwise.</summary>
public sealed class A_purge_matches
{
    private static readonly QueryMode WithoutUtm = new(QueryModeKind.Only, ["utm"]);

    [Theory]
    [InlineData("/")]
    [InlineData("/a.jpg?x=1")]
    public void All_every_response_of_the_property(string url) => Matches("All", null, null, url).ShouldBeTrue();

    [Theory]
    [InlineData("jpg", "/a.jpg", true)]
    [InlineData(".jpg", "/a.JPG?x=.png", true)]
    [InlineData("JPG", "/dir.jpg/a.jPg", true)]
    [InlineData("tar.gz", "/a.tar.gz", true)]
    [InlineData("gz", "/a.tar.gz", true)]
    [InlineData("jpg", "/.jpg", true)]
    [InlineData("jpg", "/jpg", false)]
    [InlineData("jpg", "/xjpg", false)]
    [InlineData("jpg", "/a.jpg/", false)]
    [InlineData("jpg", "/a.jpg/b", false)]
    [InlineData("jpg", "/a.jpeg?f=a.jpg", false)]
    [InlineData("\u00e9", "/a.%c3%a9", true)]
    public void Extension_the_end_of_the_last_segment(string value, string url, bool expected) =>
        Matches("Extension", value, null, url).ShouldBe(expected);

    [Theory]
    [InlineData("/a", "/a", true)]
    [InlineData("/a", "/a?x=1", true)]
    [InlineData("/a", "/a?", true)]
    [InlineData("/a", "/a/", false)]
    [InlineData("/a/", "/a", false)]
    [InlineData("/a", "/A", false)]
    [InlineData("/a", "/ab", false)]
    [InlineData("/%61", "/a", true)]
    [InlineData("/x/../a", "/a", true)]
    [InlineData("/a b", "/a%20b", true)]
    [InlineData("/a%2fb", "/a/b", false)]
    [InlineData("/a%2fb", "/a%2Fb", true)]
    [InlineData("/a?x=1", "/a?x=1", true)]
    [InlineData("/a?x=1", "/a?x=1&utm=9", true)]
    [InlineData("/a?x=1&utm=2", "/a?x=1", true)]
    [InlineData("/a?x=1", "/a", false)]
    [InlineData("/a?x=1", "/a?x=2", false)]
    [InlineData("/a?utm=2", "/a", true)]
    [InlineData("/a?", "/a", true)]
    [InlineData("/a?", "/a?x=1", false)]
    [InlineData("/a?y=2&x=1", "/a?x=1&y=2", false)]
    public void Path_one_path_or_the_entry_that_a_request_for_path_and_query_is_answered_from(string value, string url, bool expected) =>
        Matches("Path", value, null, url).ShouldBe(expected);

    [Fact]
    public void Path_with_an_empty_query_only_the_entry_with_an_empty_query_where_the_whole_query_is_in_the_key()
    {
        Matches("Path", "/a?", null, "/a?", QueryMode.WholeQuery).ShouldBeTrue();
        Matches("Path", "/a?", null, "/a", QueryMode.WholeQuery).ShouldBeFalse();
    }

    [Theory]
    [InlineData("equals", "/a", "/a?x=1", true)]
    [InlineData("equals", "/a?x=1", "/a?x=1&utm=2", true)] // the key
    [InlineData("equals", "/a?x=1&utm=2", "/a?x=1&utm=2", true)] // as fetched
    [InlineData("equals", "/x/../a", "/a", true)]
    [InlineData("equals", "/a", "/ab", false)]
    [InlineData("contains", "lo", "/hello", true)]
    [InlineData("contains", "/../", "/a/../b", false)]
    [InlineData("contains", "m=2", "/a?utm=2", true)]
    [InlineData("contains", "a?x=1", "/a?x=1", true)]
    [InlineData("contains", "\u00e9", "/caf%c3%a9", true)]
    [InlineData("contains", "LO", "/hello", false)]
    [InlineData("contains", "o?x", "/hello?x", true)]
    [InlineData("starts_with", "/blog/", "/blog/1?x", true)]
    [InlineData("starts_with", "/blog/", "/blog", false)]
    [InlineData("starts_with", "blog", "/blog", false)]
    [InlineData("starts_with", "/blog?ut", "/blog?utm=1", true)]
    [InlineData("ends_with", ".html", "/a.html?x=1", true)]
    [InlineData("ends_with", "x=1", "/a.html?x=1", true)]
    [InlineData("ends_with", "x=1", "/a.html?x=1&utm=2", true)]
    [InlineData("ends_with", "utm=2", "/a.html?x=1&utm=2", true)]
    [InlineData("ends_with", "a", "/ab", false)]
    public void Literals_path_or_path_with_query_of_the_key_or_as_fetched(string matchType, string value, string url, bool expected) =>
        Matches("Regex", value, matchType, url).ShouldBe(expected);

    [Theory]
    [InlineData("logo", "/images/logo.png", true)]
    [InlineData("^logo", "/images/logo.png", false)]
    [InlineData("^/images/.*\\.png$", "/images/logo.png?x=1", true)] // the path alone
    [InlineData("\\?x=1$", "/images/logo.png?x=1&utm=2", true)] // the key
    [InlineData("utm=\\d$", "/images/logo.png?x=1&utm=2", true)] // as fetched
    [InlineData("LOGO", "/images/logo.png", false)]
    [InlineData("(?i)LOGO", "/images/logo.png", true)]
    [InlineData("caf\u00e9", "/caf%C3%A9", true)]
    [InlineData("%C3%A9$", "/caf%C3%A9", true)]
    [InlineData("a/b", "/a%2Fb", true)]
    [InlineData("x=\u00e9", "/?utm=1&x=%C3%A9", true)]
    [InlineData("caf", "/caf%FF", true)]
    [InlineData("caf.$", "/caf%FF", false)] // no UTF-8: only the encoded form is tested, which ends in FF
    [InlineData("caf.$", "/caf%C3%A9?x=%FF", true)] // the path alone is UTF-8
    public void Regex_anywhere_encoded_or_decoded(string pattern, string url, bool expected) =>
        Matches("Regex", pattern, "regex", url).ShouldBe(expected);

    [Fact]
    public void Too_much_rather_than_too_little_when_a_pattern_runs_out_of_time() =>
        Matches("Regex", "(a+)+$", null, "/" + new string('a', 1900) + "!").ShouldBeTrue();

    private static bool Matches(string type, string? value, string? matchType, string url, QueryMode? mode = null)
    {
        mode ??= WithoutUtm;
        PurgeRule.Parse(type, value, matchType).Ok(out var rule, out var refusal).ShouldBeTrue(refusal?.Message);
        CanonicalTarget.Parse(url).Ok(out var fetched, out _).ShouldBeTrue();
        return PurgeMatch.Matches(rule!, mode.Apply(fetched), fetched, target => mode.Apply(target));
    }
}
