using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>
/// How many rules of one property may be pending on a node before they are widened to All of it (design section 4). The bounds keep memory below about
/// 100 MB and the building of a set below about 100 ms, whatever one tenant sends.
/// </summary>
/// <param name="Literals">Rules of all kinds but Regex.</param>
/// <param name="Characters">Of the literals, all kinds.</param>
/// <param name="ContainedCharacters">Of the literals of kind Contains, which cost the most memory.</param>
/// <param name="Patterns">Rules of kind Regex.</param>
/// <param name="PatternCharacters">Of the patterns.</param>
internal readonly record struct RuleLoad(int Literals, long Characters, long ContainedCharacters, int Patterns, long PatternCharacters)
{
    public const int MostLiterals = 200_000;
    public const long MostCharacters = 8_000_000;
    public const long MostContainedCharacters = 1_000_000;
    public const int MostPatterns = 20_000;
    public const long MostPatternCharacters = 4_000_000;

    public bool IsTooMuch =>
        Literals > MostLiterals
        || Characters > MostCharacters
        || ContainedCharacters > MostContainedCharacters
        || Patterns > MostPatterns
        || PatternCharacters > MostPatternCharacters;

    public int Rules => Literals + Patterns;

    public static RuleLoad operator +(RuleLoad left, RuleLoad right) =>
        new(
            left.Literals + right.Literals,
            left.Characters + right.Characters,
            left.ContainedCharacters + right.ContainedCharacters,
            left.Patterns + right.Patterns,
            left.PatternCharacters + right.PatternCharacters
        );

    public static RuleLoad Of(PurgeKind kind, string value) =>
        kind switch
        {
            PurgeKind.All => default,
            PurgeKind.Regex => new RuleLoad(0, 0, 0, 1, value.Length),
            PurgeKind.Contains => new RuleLoad(1, value.Length, value.Length, 0, 0),
            _ => new RuleLoad(1, value.Length, 0, 0, 0),
        };

    public static RuleLoad Of(IEnumerable<PendingRule> rules) =>
        rules.Aggregate(default(RuleLoad), static (load, rule) => load + Of(rule.Kind, rule.Value));
}
