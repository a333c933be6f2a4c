using System.Text.RegularExpressions;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Purging;

/// <summary>
/// The naive matcher: the definition of contract 1.4 in code, one rule against one stored response. Everything faster (indexes,
/// pending rules, prefilters) must agree with it; properties in the tests say so.
/// </summary>
public static class PurgeMatch
{
    /// <param name="rule">The rule.</param>
    /// <param name="keyed">The target of the key.</param>
    /// <param name="fetched">The target as it was fetched from upstream: the same text as <paramref name="keyed"/> unless the query-string mode changed it.</param>
    /// <param name="key">How the property keys targets: a Path with <c>?</c> names the entry that a request for it would be answered from. Where that can't be told, it names its path.</param>
    /// <returns>A pattern that does not build, or runs past <see cref="PurgePattern.LongestMatch"/>, matches: too much is safe, too little is not.</returns>
    public static bool Matches(PurgeRule rule, CanonicalTarget keyed, CanonicalTarget fetched, KeysTarget key) =>
        rule.Kind switch
        {
            PurgeKind.All => true,
            PurgeKind.Extension => HasExtension(keyed.Path, rule.Value),
            PurgeKind.Path => MatchesPath(rule.Value, keyed, key),
            PurgeKind.Regex => MatchesPattern(rule.Value, keyed, fetched),
            var kind => MatchesLiteral(kind, rule.Value, keyed.Path)
                || MatchesLiteral(kind, rule.Value, keyed.PathAndQuery)
                || MatchesLiteral(kind, rule.Value, fetched.Path)
                || MatchesLiteral(kind, rule.Value, fetched.PathAndQuery),
        };

    /// <summary>An extension holds no <c>/</c>, so what ends the path with its dot ends the last segment. Both are ASCII.</summary>
    public static bool HasExtension(string path, string extension) =>
        path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)
        && path.Length > extension.Length
        && path[^(extension.Length + 1)] == '.';

    private static bool MatchesPath(string value, CanonicalTarget keyed, KeysTarget key)
    {
        if (!value.Contains('?', StringComparison.Ordinal))
            return string.Equals(keyed.Path, value, StringComparison.Ordinal);
        if (!CanonicalTarget.Parse(value).Ok(out var target, out _))
            return false;
        return key(target) is { } named ? named.Equals(keyed) : string.Equals(target.Path, keyed.Path, StringComparison.Ordinal);
    }

    /// <summary>One of the four literal kinds against one text.</summary>
    public static bool MatchesLiteral(PurgeKind kind, string literal, string text) =>
        kind switch
        {
            PurgeKind.Equals => string.Equals(text, literal, StringComparison.Ordinal),
            PurgeKind.Contains => text.Contains(literal, StringComparison.Ordinal),
            PurgeKind.StartsWith => text.StartsWith(literal, StringComparison.Ordinal),
            PurgeKind.EndsWith => text.EndsWith(literal, StringComparison.Ordinal),
            _ => throw new System.Diagnostics.UnreachableException($"Kind {kind}"),
        };

    private static bool MatchesPattern(string pattern, CanonicalTarget keyed, CanonicalTarget fetched)
    {
        if (!PurgePattern.TryBuild(pattern, PurgePattern.LongestMatch, out var regex, out _))
            return true;
        try
        {
            return PurgePattern.Texts(keyed, fetched).Any(regex.IsMatch);
        }
        catch (RegexMatchTimeoutException)
        {
            return true;
        }
    }
}
