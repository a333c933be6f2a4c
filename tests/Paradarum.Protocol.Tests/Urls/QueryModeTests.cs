using CsCheck;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Tests.Urls;

/// <summary>Contract part 3, <c>query_string</c>.</summary>
public sealed class A_query_string_mode
{
    [Theory]
    [InlineData(QueryModeKind.None, "/a?x=1&utm=2", "/a?x=1&utm=2")]
    [InlineData(QueryModeKind.None, "/a?", "/a?")]
    [InlineData(QueryModeKind.IgnoreAll, "/a?x=1&utm=2", "/a")]
    [InlineData(QueryModeKind.IgnoreAll, "/a?", "/a")]
    [InlineData(QueryModeKind.Except, "/a?x=1&utm=2&y=3", "/a?utm=2")]
    [InlineData(QueryModeKind.Except, "/a?x=1", "/a")]
    [InlineData(QueryModeKind.Except, "/a?utm=1&utm=2&utm", "/a?utm=1&utm=2&utm")]
    [InlineData(QueryModeKind.Except, "/a?%75tm=1&utm%20=2", "/a?utm=1")]
    [InlineData(QueryModeKind.Except, "/a?", "/a")]
    [InlineData(QueryModeKind.Only, "/a?x=1&utm=2&y=3", "/a?x=1&y=3")]
    [InlineData(QueryModeKind.Only, "/a?utm=1&utm", "/a")]
    [InlineData(QueryModeKind.Only, "/a?b=2&a=1&&utm=&", "/a?b=2&a=1")]
    [InlineData(QueryModeKind.Only, "/a?UTM=1", "/a?UTM=1")]
    [InlineData(QueryModeKind.Only, "/a?x=utm=1", "/a?x=utm=1")]
    [InlineData(QueryModeKind.Only, "/a?", "/a")]
    [InlineData(QueryModeKind.Only, "/a", "/a")]
    public void Makes_the_key(QueryModeKind kind, string target, string keyed) =>
        new QueryMode(kind, ["utm"]).Apply(Parse(target)).PathAndQuery.ShouldBe(keyed);

    [Theory]
    [InlineData("a%5b%5D", "/p?a%5B%5D=1")]
    [InlineData("\u00e9", "/p?%C3%A9=1")]
    public void Compares_names_in_canonical_form(string name, string target) =>
        new QueryMode(QueryModeKind.Only, [name]).Apply(Parse(target)).PathAndQuery.ShouldBe("/p");

    [Theory]
    [InlineData(QueryModeKind.None, "/a?x=1")]
    [InlineData(QueryModeKind.IgnoreAll, "/a")]
    [InlineData(QueryModeKind.Except, "/a?utm=1")]
    [InlineData(QueryModeKind.Only, "/a?x=1&y")]
    public void Gives_the_same_text_when_nothing_changes(QueryModeKind kind, string target)
    {
        var parsed = Parse(target);
        new QueryMode(kind, ["utm"]).Apply(parsed).IsSameText(parsed).ShouldBeTrue();
    }

    [Fact]
    public void Is_equal_to_one_of_the_same_kind_and_names()
    {
        new QueryMode(QueryModeKind.Only, ["a", "b"]).ShouldBe(new QueryMode(QueryModeKind.Only, ["a", "b"]));
        new QueryMode(QueryModeKind.Only, ["a"]).ShouldNotBe(new QueryMode(QueryModeKind.Only, ["b"]));
        new QueryMode(QueryModeKind.Only, ["a"]).ShouldNotBe(new QueryMode(QueryModeKind.Except, ["a"]));
    }

    [Fact]
    public void Applied_twice_changes_nothing_more_and_keeps_a_subsequence_of_the_query() =>
        Gen.Select(
                Gen.Enum<QueryModeKind>(),
                Gen.OneOf("a", "b", "", "%41").List[0, 3],
                Gen.OneOf("a", "b", "=", "&", "1", "%41", "A").List[0, 10]
            )
            .Sample(
                (kind, names, parts) =>
                {
                    var mode = new QueryMode(kind, [.. names]);
                    var once = mode.Apply(Parse("/p?" + string.Concat(parts)));
                    return mode.Apply(once).Equals(once) && once.Path == "/p";
                }
            );

    private static CanonicalTarget Parse(string raw) =>
        CanonicalTarget.Parse(raw).Ok(out var target, out var refusal) ? target : throw new InvalidOperationException(refusal.Message);
}
