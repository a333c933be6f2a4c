using CsCheck;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>Contract 1.4 by three ways: the naive matcher, the pending rules that a hit is tested against, and what index and sweep remove.</summary>
public sealed class A_node_matches_as_the_contract_says
{
    private static readonly Gen<string> Piece = Gen.OneOf(
        "/",
        "/a",
        "/b",
        "a",
        "b",
        ".jpg",
        ".tar.gz",
        "?",
        "x=1",
        "&",
        "utm=2",
        "%C3%A9",
        "%2F",
        ".",
        "//"
    );

    private static readonly Gen<string> Url = Piece.List[1, 6].Select(pieces => "/" + string.Concat(pieces));

    private static readonly Gen<PurgeRule> AnyRule = Gen.OneOf(
        Gen.Const(PurgeRule.All),
        Gen.OneOf("jpg", "gz", "tar.gz", "JPG").Select(value => TestNode.Rule("Extension", value)),
        Url.Select(value => TestNode.Rule("Path", value)),
        Gen.Select(
            Gen.OneOf("equals", "contains", "starts_with", "ends_with"),
            Gen.OneOf(Url, Piece.List[1, 3].Select(pieces => string.Concat(pieces))),
            (matchType, value) => TestNode.Rule("Regex", value, matchType)
        ),
        Gen.OneOf(
                "^/a",
                "b$",
                "a.*b",
                "x=\\d",
                "\\.jpg$",
                "(?i)/A",
                "caf|a",
                "\u00e9",
                "/b/",
                "[ab]{2}",
                "^/$",
                "utm",
                "a?b+/",
                "^/a\\?x=1$"
            )
            .Select(value => TestNode.Rule("Regex", value))
    );

    private static readonly Gen<QueryMode> AnyMode = Gen.Select(Gen.Enum<QueryModeKind>(), kind => new QueryMode(kind, ["utm"]));

    [Fact]
    public void Pending_rules_agree_with_the_naive_matcher_on_every_rule_newer_than_the_entry() =>
        Gen.Select(AnyMode, Url, AnyRule.List[1, 12], Gen.Int[0, 12])
            .Sample(
                (mode, url, rules, stamp) =>
                {
                    using var node = new TestNode(mode);
                    var fetched = TestNode.Target(url);
                    var key = new CacheKey("http", TestNode.Host, mode.Apply(fetched));
                    var first = node.Now.Position + 1;
                    var checkedAt = node.Now.Position + (ulong)stamp;
                    node.Apply([.. rules.Select(rule => TestNode.PurgeOf(TestNode.Property, rule))]);

                    var fetch = new TestFetch(TestNode.Property, key, fetched);
                    fetch.Begin(checkedAt, node.Now.Generation);
                    var expected = rules
                        .Where((_, i) => first + (ulong)i > checkedAt)
                        .Any(rule => PurgeMatch.Matches(rule, key.Target, fetched, target => mode.Apply(target)));
                    return Fence.Test(node.Now, fetch).Reason == (expected ? FenceReason.Purged : FenceReason.Fresh);
                },
                iter: 3000
            );

    [Fact]
    public void Index_and_sweep_remove_what_the_naive_matcher_matches_and_nothing_else() =>
        Gen.Select(AnyMode, Url.List[1, 12], AnyRule.List[1, 3])
            .Sample(
                (mode, urls, rules) =>
                {
                    using var node = new TestNode(mode);
                    var entries = urls.Select(url => node.Store(url)).Where(entry => !entry.IsRemoved).Distinct().ToList();
                    foreach (var rule in rules)
                        node.Purge(rule);
                    node.Sweeper.SweepAll();
                    // A pattern that ran past its millisecond on a busy machine is widened, and says so.
                    var widened = node.State.TakeCounts().Any(count => count.Widened);
                    return (node.Pending().IsEmpty || widened)
                        && entries.All(entry =>
                            entry.IsRemoved
                                == rules.Any(rule =>
                                    PurgeMatch.Matches(rule, entry.Key.Target, entry.Fetched, target => mode.Apply(target))
                                )
                            || (widened && entry.IsRemoved)
                        );
                },
                iter: 1000
            );

    [Fact]
    public void Path_and_equals_are_removed_through_the_index_before_any_sweep() =>
        Gen.Select(AnyMode, Url.List[1, 12], Url, Gen.Bool)
            .Sample(
                (mode, urls, value, isPath) =>
                {
                    using var node = new TestNode(mode);
                    var entries = urls.Select(url => node.Store(url)).ToList();
                    var rule = isPath ? TestNode.Rule("Path", value) : TestNode.Rule("Regex", value, "equals");
                    node.Purge(rule);
                    return entries.All(entry =>
                        entry.IsRemoved || !PurgeMatch.Matches(rule, entry.Key.Target, entry.Fetched, target => mode.Apply(target))
                    );
                },
                iter: 1000
            );
}

/// <summary>The sets that test many literals together, against the plain meaning of each.</summary>
public sealed class A_set_of_literals
{
    private static readonly Gen<string> Text = Gen.Char["ab/\u00e9"].Array[0, 12].Select(characters => new string(characters));

    private static readonly Gen<List<string>> Literals = Gen.Char["ab/\u00e9"]
        .Array[1, 5]
        .Select(characters => new string(characters))
        .List[0, 20];

    [Fact]
    public void Tells_the_newest_that_a_text_starts_with() =>
        Gen.Select(Literals, Text)
            .Sample(
                (literals, text) =>
                    new PrefixSet(Numbered(literals)).NewestMatch(text)
                    == Newest(literals, literal => text.StartsWith(literal, StringComparison.Ordinal)),
                iter: 20_000
            );

    [Fact]
    public void Tells_the_newest_that_occurs_in_a_text() =>
        Gen.Select(Literals, Text)
            .Sample(
                (literals, text) =>
                    new ContainsSet(Numbered(literals)).NewestMatch(text)
                    == Newest(literals, literal => text.Contains(literal, StringComparison.Ordinal)),
                iter: 20_000
            );

    private static List<(string, ulong)> Numbered(List<string> literals) => [.. literals.Select((literal, i) => (literal, (ulong)i + 1))];

    private static ulong Newest(List<string> literals, Func<string, bool> matches) =>
        Numbered(literals).Where(rule => matches(rule.Item1)).Select(rule => rule.Item2).DefaultIfEmpty().Max();
}

/// <summary>The prefilter of patterns.</summary>
public sealed class A_required_literal
{
    [Theory]
    [InlineData("/blog/", "/blog/")]
    [InlineData("^/images/.*\\.png$", "/images/")]
    [InlineData("ab*c", null)]
    [InlineData("abc*de", "ab")]
    [InlineData("abc+de", "abc")]
    [InlineData("(?:x|y)logo[0-9]", "logo")]
    [InlineData("logo(?=png)", "logo")]
    [InlineData("a|b", null)]
    [InlineData("(?i)logo", null)]
    [InlineData("lo(?i)go", null)]
    [InlineData("lo(?i:go)", null)]
    [InlineData("logo{0}", null)]
    [InlineData("lo\\x67o", null)]
    [InlineData("lo[]g]o", "lo")]
    [InlineData("lo[a-z-[g]]o", null)]
    [InlineData("\\.css\\?v=", ".css?v=")]
    [InlineData("wp-content/uploads/(19|20)\\d\\d", "wp-content/uploads/")]
    public void Of_a_pattern_is(string pattern, string? literal) => RequiredLiteral.Of(pattern).ShouldBe(literal);

    [Fact]
    public void Is_in_everything_that_the_pattern_matches() =>
        Gen.Select(
                Gen.OneOf(
                        "a",
                        "b",
                        "ab",
                        "/",
                        "\\.",
                        "\\d",
                        ".",
                        "*",
                        "+",
                        "?",
                        "*?",
                        "(",
                        ")",
                        "(?:",
                        "|",
                        "[ab]",
                        "[^a]",
                        "{2}",
                        "{0,1}",
                        "^",
                        "$",
                        "(?i)",
                        "(?<n>",
                        "(?=",
                        "#",
                        " "
                    )
                    .List[1, 9]
                    .Select(parts => string.Concat(parts)),
                Gen.Char["abAB/.1"].Array[0, 10].Select(characters => new string(characters)).List[1, 10]
            )
            .Sample(
                (pattern, texts) =>
                {
                    if (RequiredLiteral.Of(pattern) is not { } literal)
                        return true;
                    if (!PurgePattern.TryBuild(pattern, PurgePattern.LongestMatch, out var regex, out _))
                        return true;
                    return texts.All(text => !regex.IsMatch(text) || text.Contains(literal, StringComparison.Ordinal));
                },
                iter: 50_000
            );
}
