using System.Diagnostics;
using CsCheck;
using Google.Protobuf;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Protocol.Tests.Purging;

/// <summary>Contract 1.1 and the value part of 1.3 and 1.4: what a rule is read from, and the sentence for everything else.</summary>
public sealed class A_purge_rule
{
    [Theory]
    [InlineData("All", null, null, PurgeKind.All, "")]
    [InlineData("aLL", "whatever", "nonsense", PurgeKind.All, "")]
    [InlineData("Extension", "jpg", null, PurgeKind.Extension, "jpg")]
    [InlineData("extension", ".JPG", "nonsense", PurgeKind.Extension, "jpg")]
    [InlineData("Extension", "tar.gz", null, PurgeKind.Extension, "tar.gz")]
    [InlineData("Extension", "..x", null, PurgeKind.Extension, ".x")]
    [InlineData("Extension", "\u00e9", null, PurgeKind.Extension, "%c3%a9")]
    [InlineData("Path", "/images/logo.png", null, PurgeKind.Path, "/images/logo.png")]
    [InlineData("PATH", "/a/../caf\u00e9?x=%7e", "nonsense", PurgeKind.Path, "/caf%C3%A9?x=~")]
    [InlineData("Path", "//cdn.example/a", null, PurgeKind.Path, "//cdn.example/a")]
    [InlineData("Path", "/a?", null, PurgeKind.Path, "/a?")]
    [InlineData("Regex", "^/blog/", null, PurgeKind.Regex, "^/blog/")]
    [InlineData("Regex", "a", " ", PurgeKind.Regex, "a")]
    [InlineData("Regex", "a", "REGEX", PurgeKind.Regex, "a")]
    [InlineData("Regex", "/a/../b/%7e?x/../y", "equals", PurgeKind.Equals, "/b/~?x/../y")]
    [InlineData("Regex", "a/../b", "equals", PurgeKind.Equals, "a/../b")]
    [InlineData("Regex", "a/../b ", "Contains", PurgeKind.Contains, "a/../b%20")]
    [InlineData("regex", "/bl\u00f6g", "starts_WITH", PurgeKind.StartsWith, "/bl%C3%B6g")]
    [InlineData("Regex", "%c3%2", "ends_with", PurgeKind.EndsWith, "%C3%252")]
    public void Is_read_from(string type, string? value, string? matchType, PurgeKind kind, string canonical)
    {
        PurgeRule.Parse(type, value, matchType).Ok(out var rule, out var refusal).ShouldBeTrue(refusal?.Message);
        (rule!.Kind, rule.Value).ShouldBe((kind, canonical));
    }

    [Theory]
    [InlineData(null, null, null, "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("  ", "x", null, "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("Tag", "x", null, "Type 'Tag' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("1", "x", null, "Type '1' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("Extension", null, null, "Value is required when type is Extension.")]
    [InlineData("path", "", null, "Value is required when type is Path.")]
    [InlineData("REGEX", " \t", "nonsense", "Value is required when type is Regex.")]
    [InlineData("Regex", "x", "glob", "MatchType 'glob' is not supported. Use equals, contains, starts_with, ends_with or regex.")]
    [InlineData("Regex", "x", "1", "MatchType '1' is not supported. Use equals, contains, starts_with, ends_with or regex.")]
    [InlineData("Extension", ".", null, "Extension is empty. Send what follows the last dot, such as jpg.")]
    [InlineData("Extension", "a/b", null, BadExtension)]
    [InlineData("Extension", "a?b", null, BadExtension)]
    [InlineData("Extension", "a#b", null, BadExtension)]
    [InlineData("Extension", "*.jpg", null, BadExtension)]
    [InlineData("Extension", " jpg", null, BadExtension)]
    [InlineData("Extension", "jp\u00a0g", null, BadExtension)]
    [InlineData("Path", "images/logo.png", null, "Path must start with '/'. Send the path alone, such as /images/logo.png.")]
    [InlineData("Path", "*", null, "Path must start with '/'. Send the path alone, such as /images/logo.png.")]
    [InlineData("Path", "https://a.example/b", null, "Path must not be a URL. Send the path alone, such as /images/logo.png.")]
    [InlineData("Path", "HTTP://a.example/b#c", null, "Path must not be a URL. Send the path alone, such as /images/logo.png.")]
    [InlineData("Path", "/a#b", null, "Path must not hold '#'. Write %23 where the path itself holds one.")]
    [InlineData("Regex", "(", null, "Regex does not parse: Invalid pattern '(' at offset 1. Not enough )'s.")]
    [InlineData("Regex", "[z-a]", "regex", "Regex does not parse: Invalid pattern '[z-a]' at offset 4. [x-y] range in reverse order.")]
    public void Is_refused_with_its_sentence(string? type, string? value, string? matchType, string message)
    {
        PurgeRule.Parse(type, value, matchType).Ok(out _, out var refusal).ShouldBeFalse();
        refusal.ShouldBe(Refusal.Malformed(message));
    }

    [Fact]
    public void With_half_a_surrogate_pair_is_refused_with_its_sentence()
    {
        // Not as inline data: attributes are UTF-8 and cannot hold one.
        Refused("Extension", "a\ud800", null).ShouldBe("Extension holds half a surrogate pair, which is no character.");
        Refused("Path", "/\udc00", null).ShouldBe("Path holds half a surrogate pair, which is no character.");
        Refused("Regex", "\ud800", "contains").ShouldBe("Value holds half a surrogate pair, which is no character.");
        Refused("Regex", "a\ud800", "regex").ShouldBe("Regex holds half a surrogate pair, which is no character.");
    }

    private static string Refused(string type, string value, string? matchType)
    {
        PurgeRule.Parse(type, value, matchType).Ok(out _, out var refusal).ShouldBeFalse();
        return refusal!.Message;
    }

    private const string BadExtension =
        "Extension must not hold '/', '?', '#', '*' or white space. Send what follows the last dot, such as jpg.";

    [Theory]
    [InlineData("Extension", null, 32, "Extension is too long. At most 32 characters are allowed.")]
    [InlineData("Path", null, 2048, TooLongPath)]
    [InlineData("Regex", "equals", 2048, TooLongValue)]
    [InlineData("Regex", "contains", 2048, TooLongValue)]
    [InlineData("Regex", "regex", 1024, "Regex is too long. At most 1024 characters are allowed.")]
    public void Has_a_longest_value(string type, string? matchType, int longest, string message)
    {
        PurgeRule
            .Parse(type, "/".PadRight(longest, 'a').Replace('/', type == "Path" ? '/' : 'a'), matchType)
            .Ok(out _, out _)
            .ShouldBeTrue();
        PurgeRule
            .Parse(type, "/".PadRight(longest + 1, 'a').Replace('/', type == "Path" ? '/' : 'a'), matchType)
            .Ok(out _, out var refusal)
            .ShouldBeFalse();
        refusal!.Message.ShouldBe(message);
    }

    private const string TooLongPath = "Path is too long. At most 2048 characters are allowed, percent-encoded where a URL needs it.";
    private const string TooLongValue = "Value is too long. At most 2048 characters are allowed, percent-encoded where a URL needs it.";

    [Fact]
    public void Counts_its_length_in_canonical_form_too()
    {
        PurgeRule.Parse("Path", "/" + new string('\u00e9', 400), null).Ok(out _, out var refusal).ShouldBeFalse();
        refusal!.Message.ShouldBe(TooLongPath);
    }

    [Fact]
    public void Repeats_at_most_100_characters_of_what_was_sent()
    {
        PurgeRule.Parse(new string('x', 1_000_000), null, null).Ok(out _, out var refusal).ShouldBeFalse();
        refusal!.Message.Length.ShouldBeLessThan(200);
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("[ab]*a[ab]{900}$")]
    [InlineData("((((a{1000}){1000}){1000}){1000})")]
    [InlineData("(?:(?:(?:x?){2147483647}){2147483647})")]
    public void Of_a_hostile_pattern_is_judged_at_once(string pattern)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 20; i++)
            PurgeRule.Parse("Regex", pattern, null).Ok(out _, out _).ShouldBeTrue();
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Of_1024_nested_groups_is_judged_without_a_stack_overflow() =>
        PurgeRule.Parse("Regex", new string('(', 512) + new string(')', 512), null).Ok(out _, out _).ShouldBeTrue();

    [Fact]
    public void Survives_the_log_whatever_was_sent() =>
        Gen.Select(AnyType, AnyValue, AnyMatchType)
            .Sample(
                (type, value, matchType) =>
                {
                    if (!PurgeRule.Parse(type, value, matchType).Ok(out var rule, out var refusal))
                        return refusal.Message.EndsWith('.')
                            || refusal.Message.StartsWith("Regex does not parse: ", StringComparison.Ordinal);
                    var read = PurgeRule.FromMessage(RuleMessage.Parser.ParseFrom(rule.ToMessage().ToByteArray()));
                    return read == rule && (rule.Kind is PurgeKind.Regex || rule.Value.All(char.IsAscii));
                },
                iter: 50_000
            );

    [Theory]
    [InlineData(RuleKind.Unknown, "")]
    [InlineData((RuleKind)99, "x")]
    [InlineData(RuleKind.All, "x")]
    [InlineData(RuleKind.Extension, "")]
    [InlineData(RuleKind.Extension, "JPG")]
    [InlineData(RuleKind.Path, "")]
    [InlineData(RuleKind.Path, "a")]
    [InlineData(RuleKind.Path, "/a/../b")]
    [InlineData(RuleKind.Path, "/%7e")]
    [InlineData(RuleKind.Contains, "")]
    [InlineData(RuleKind.Contains, "\u00e9")]
    [InlineData(RuleKind.Equals, "/./a")]
    [InlineData(RuleKind.Regex, "")]
    public void Of_another_version_is_not_read(RuleKind kind, string value) =>
        PurgeRule.FromMessage(new RuleMessage { Kind = kind, Value = value }).ShouldBeNull();

    private static readonly Gen<string?> AnyType = Gen.OneOf(
        Gen.OneOf<string?>("All", "Extension", "Path", "Regex", "Regex", "Path", null, "", "x"),
        Gen.String.Select(text => (string?)text)
    );

    private static readonly Gen<string?> AnyValue = Gen.OneOf(
        Gen.String.Select(text => (string?)text),
        Gen.OneOf("/", "..", ".", "%", "%2e", "%c3", "?", "a", "B", "\u00e9", "\ud83d\ude00", "\ud83d", "#", "(", "*", "[", "]", " ")
            .List[0, 12]
            .Select(parts => (string?)string.Concat(parts)),
        Gen.OneOf("/", "..", ".", "%", "%2e", "%c3", "?", "a", "B", "\u00e9", "//")
            .List[0, 12]
            .Select(parts => (string?)("/" + string.Concat(parts)))
    );

    private static readonly Gen<string?> AnyMatchType = Gen.OneOf<string?>(
        null,
        "",
        "equals",
        "contains",
        "starts_with",
        "ends_with",
        "regex",
        "other"
    );
}
