using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Purging;

/// <summary>What a rule purges; the four literal match types of <c>Regex</c> are kinds of their own (contract 1.1).</summary>
public enum PurgeKind
{
    All,
    Extension,
    Path,
    Equals,
    Contains,
    StartsWith,
    EndsWith,
    Regex,
}

/// <summary>One purge instruction, proven well-formed: nothing behind <see cref="Parse"/> checks it again.</summary>
public sealed record PurgeRule
{
    public const int LongestExtension = 32;
    public const int LongestPattern = 1024;

    private const string Half = "holds half a surrogate pair, which is no character.";

    private PurgeRule(PurgeKind kind, string value) => (Kind, Value) = (kind, value);

    public static readonly PurgeRule All = new(PurgeKind.All, "");

    public PurgeKind Kind { get; }

    /// <summary>
    /// Canonical: Extension percent-normalised, without its leading dot and in lower case; Path and Equals as a canonical target; literals
    /// percent-normalised; Regex as sent; All empty. All but Regex are ASCII.
    /// </summary>
    public string Value { get; }

    /// <summary>Reads what a client sent (contract 1.1, 1.3, 1.4). Never throws; the refusal's message is the contract's.</summary>
    public static Result<PurgeRule> Parse(string? type, string? value, string? matchType) =>
        type?.ToUpperInvariant() switch
        {
            _ when string.IsNullOrWhiteSpace(type) => Refusal.Malformed("Type is required. Use All, Extension, Path or Regex."),
            "ALL" => All, // a value sent along with All is ignored by contract
            "EXTENSION" => string.IsNullOrWhiteSpace(value) ? Missing("Extension") : ParseExtension(value),
            "PATH" => string.IsNullOrWhiteSpace(value) ? Missing("Path") : ParsePath(value),
            "REGEX" => string.IsNullOrWhiteSpace(value) ? Missing("Regex") : ParseMatch(value, matchType),
            _ => Refusal.Malformed($"Type '{Refusal.Quoted(type)}' is not supported. Use All, Extension, Path or Regex."),
        };

    /// <summary>Reads a rule of the log. Null when this version does not know its kind or cannot build it: the node then widens to All (design section 2).</summary>
    /// <remarks>A pattern is not built here, where every node applies records; one that turns out not to build counts as matching everything.</remarks>
    public static PurgeRule? FromMessage(RuleMessage message)
    {
        PurgeKind? known = message.Kind switch
        {
            RuleKind.All => PurgeKind.All,
            RuleKind.Extension => PurgeKind.Extension,
            RuleKind.Path => PurgeKind.Path,
            RuleKind.Equals => PurgeKind.Equals,
            RuleKind.Contains => PurgeKind.Contains,
            RuleKind.StartsWith => PurgeKind.StartsWith,
            RuleKind.EndsWith => PurgeKind.EndsWith,
            RuleKind.Regex => PurgeKind.Regex,
            _ => null,
        };
        return known is { } kind && IsCanonical(kind, message.Value) ? new PurgeRule(kind, message.Value) : null;
    }

    public RuleMessage ToMessage() =>
        new()
        {
            Kind = Kind switch
            {
                PurgeKind.All => RuleKind.All,
                PurgeKind.Extension => RuleKind.Extension,
                PurgeKind.Path => RuleKind.Path,
                PurgeKind.Equals => RuleKind.Equals,
                PurgeKind.Contains => RuleKind.Contains,
                PurgeKind.StartsWith => RuleKind.StartsWith,
                PurgeKind.EndsWith => RuleKind.EndsWith,
                PurgeKind.Regex => RuleKind.Regex,
                _ => throw new System.Diagnostics.UnreachableException($"Kind {Kind}"),
            },
            Value = Value,
        };

    /// <summary>The rule's value in canonical form: what <see cref="Parse"/> makes of it is itself. A rule written by another canonical form must not be compared as text.</summary>
    private static bool IsCanonical(PurgeKind kind, string value) =>
        kind switch
        {
            PurgeKind.All => value.Length == 0,
            PurgeKind.Extension => CanonicalExtension(value) is { Length: > 0 } extension
                && string.Equals(extension, value, StringComparison.Ordinal),
            PurgeKind.Path => value.StartsWith('/')
                && CanonicalTarget.Parse(value).Ok(out var target, out _)
                && string.Equals(target.PathAndQuery, value, StringComparison.Ordinal),
            PurgeKind.Regex => value.Length > 0,
            _ => value.Length > 0
                && CanonicalLiteral(kind, value) is { } literal
                && string.Equals(literal, value, StringComparison.Ordinal),
        };

    private static Result<PurgeRule> Missing(string type) => Refusal.Malformed($"Value is required when type is {type}.");

    private static Result<PurgeRule> ParseExtension(string value)
    {
        var extension = value.StartsWith('.') ? value[1..] : value;
        if (extension.Length == 0)
            return Refusal.Malformed("Extension is empty. Send what follows the last dot, such as jpg.");
        if (extension.Length > LongestExtension)
            return Refusal.Malformed($"Extension is too long. At most {LongestExtension} characters are allowed.");
        if (extension.AsSpan().ContainsAny("/?#*") || extension.Any(char.IsWhiteSpace))
            return Refusal.Malformed(
                "Extension must not hold '/', '?', '#', '*' or white space. Send what follows the last dot, such as jpg."
            );
        return CanonicalExtension(extension) is { } canonical
            ? new PurgeRule(PurgeKind.Extension, canonical)
            : Refusal.Malformed($"Extension {Half}");
    }

    private static string? CanonicalExtension(string extension) =>
        PercentEncoding.TryNormalise(extension, out var normal) ? normal.ToLowerInvariant() : null;

    private static Result<PurgeRule> ParsePath(string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            return Refusal.Malformed("Path must not be a URL. Send the path alone, such as /images/logo.png.");
        if (!value.StartsWith('/'))
            return Refusal.Malformed("Path must start with '/'. Send the path alone, such as /images/logo.png.");
        if (value.Contains('#', StringComparison.Ordinal))
            return Refusal.Malformed("Path must not hold '#'. Write %23 where the path itself holds one.");
        if (value.Length > CanonicalTarget.LongestStored)
            return Refusal.Malformed(TooLong("Path"));
        if (!CanonicalTarget.Parse(value).Ok(out var target, out _))
            return Refusal.Malformed($"Path {Half}");
        return target.IsStorable ? new PurgeRule(PurgeKind.Path, target.PathAndQuery) : Refusal.Malformed(TooLong("Path"));
    }

    private static Result<PurgeRule> ParseMatch(string value, string? matchType) =>
        matchType?.ToUpperInvariant() switch
        {
            _ when string.IsNullOrWhiteSpace(matchType) => ParsePattern(value),
            "REGEX" => ParsePattern(value),
            "EQUALS" => ParseLiteral(PurgeKind.Equals, value),
            "CONTAINS" => ParseLiteral(PurgeKind.Contains, value),
            "STARTS_WITH" => ParseLiteral(PurgeKind.StartsWith, value),
            "ENDS_WITH" => ParseLiteral(PurgeKind.EndsWith, value),
            _ => Refusal.Malformed(
                $"MatchType '{Refusal.Quoted(matchType)}' is not supported. Use equals, contains, starts_with, ends_with or regex."
            ),
        };

    private static Result<PurgeRule> ParseLiteral(PurgeKind kind, string value)
    {
        if (value.Length > CanonicalTarget.LongestStored)
            return Refusal.Malformed(TooLong("Value"));
        if (CanonicalLiteral(kind, value) is not { } literal)
            return Refusal.Malformed($"Value {Half}");
        return literal.Length <= CanonicalTarget.LongestStored ? new PurgeRule(kind, literal) : Refusal.Malformed(TooLong("Value"));
    }

    private static string? CanonicalLiteral(PurgeKind kind, string value)
    {
        if (!PercentEncoding.TryNormalise(value, out var normal))
            return null;
        if (kind is not PurgeKind.Equals || !normal.StartsWith('/'))
            return normal;
        var mark = normal.IndexOf('?', StringComparison.Ordinal);
        return mark < 0 ? CanonicalTarget.WithoutDotSegments(normal) : CanonicalTarget.WithoutDotSegments(normal[..mark]) + normal[mark..];
    }

    private static Result<PurgeRule> ParsePattern(string value)
    {
        if (value.Length > LongestPattern)
            return Refusal.Malformed($"Regex is too long. At most {LongestPattern} characters are allowed.");
        if (!PercentEncoding.IsWellFormed(value))
            return Refusal.Malformed($"Regex {Half}");
        return PurgePattern.TryBuild(value, PurgePattern.LongestMatch, out _, out var reason)
            ? new PurgeRule(PurgeKind.Regex, value)
            : Refusal.Malformed($"Regex does not parse: {reason}");
    }

    private static string TooLong(string what) =>
        $"{what} is too long. At most {CanonicalTarget.LongestStored} characters are allowed, percent-encoded where a URL needs it.";
}
