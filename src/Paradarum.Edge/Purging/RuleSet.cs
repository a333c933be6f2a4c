using System.Collections.Immutable;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Rules that need a look at the URL (extension, literals, patterns), tested together. Immutable. Ordered by position.
/// </summary>
/// <remarks>
/// Few rules are tested one after another: under a steady stream of purges most sets are small and soon part of a larger one, and making them ready would cost more than it
/// saves. That holds for short URLs alone; for a long one, where a crafted literal is slow to look for, they are made ready all the same.
/// </remarks>
internal sealed class RuleSet
{
    private const int Few = 16;

    /// <summary>Up to here a set is made ready by whoever asks it first (2 ms): in a burst most sets are part of a larger one before that. Larger ones would hold up a visitor.</summary>
    private const int MostMadeReadyLate = 1024;
    private const int LongestTestedOneByOne = 256;

    private readonly PendingRule[] _patterns;
    private readonly ulong _newestUnfiltered;
    private ReadyRules? _ready; // made at the first use up to MostMadeReadyLate: twice, should two threads meet there

    public RuleSet(ImmutableArray<PendingRule> rules)
    {
        Rules = rules;
        var patterns = 0;
        foreach (var rule in rules)
        {
            Load += RuleLoad.Of(rule.Kind, rule.Value);
            if (rule.Kind is PurgeKind.Regex)
                patterns++;
        }
        _patterns = patterns == 0 ? [] : [.. rules.Where(rule => rule.Kind is PurgeKind.Regex)];
        _newestUnfiltered = patterns == 0 ? 0 : Array.FindLast(_patterns, rule => rule.RequiredLiteral is null)?.Position ?? 0;
        if (rules.Length > MostMadeReadyLate)
            _ready = new ReadyRules(rules, _patterns);
    }

    public ImmutableArray<PendingRule> Rules { get; }

    public ulong Oldest => Rules[0].Position;

    public ulong Newest => Rules[^1].Position;

    public RuleLoad Load { get; }

    public IEnumerable<PendingRule> Patterns => _patterns;

    /// <summary>A rule newer than <paramref name="checkedAt"/> that matches; position 0 when there is none.</summary>
    public RuleMatch FindMatch(CanonicalTarget keyed, CanonicalTarget fetched, ulong checkedAt)
    {
        var isLong = keyed.PathAndQuery.Length > LongestTestedOneByOne || fetched.PathAndQuery.Length > LongestTestedOneByOne;
        var ready = _ready ?? (isLong || Rules.Length > Few ? _ready = new ReadyRules(Rules, _patterns) : null);
        if (_patterns.Length < Rules.Length)
        {
            var match = ready?.FindLiteral(keyed, fetched, checkedAt) ?? OneByOne(keyed, fetched, checkedAt);
            if (match.Position != 0)
                return match;
        }
        return _patterns.Length > 0 && _patterns[^1].Position > checkedAt ? FindPattern(ready, keyed, fetched, checkedAt) : default;
    }

    private RuleMatch OneByOne(CanonicalTarget keyed, CanonicalTarget fetched, ulong checkedAt)
    {
        for (var i = Rules.Length - 1; i >= 0 && Rules[i].Position > checkedAt; i--)
        {
            var rule = Rules[i];
            if (rule.Kind is not PurgeKind.Regex && Matches(rule, keyed, fetched))
                return new RuleMatch(rule.Position, rule.Kind);
        }
        return default;
    }

    /// <summary>A path starts, and is contained in, its path with query; its end is another one.</summary>
    private static bool Matches(PendingRule rule, CanonicalTarget keyed, CanonicalTarget fetched)
    {
        if (rule.Kind is PurgeKind.Extension)
            return PurgeMatch.HasExtension(keyed.Path, rule.Value);
        return PurgeMatch.MatchesLiteral(rule.Kind, rule.Value, keyed.PathAndQuery)
            || (rule.Kind is PurgeKind.EndsWith && keyed.HasQuery && PurgeMatch.MatchesLiteral(rule.Kind, rule.Value, keyed.Path))
            || (!keyed.IsSameText(fetched) && PurgeMatch.MatchesLiteral(rule.Kind, rule.Value, fetched.PathAndQuery));
    }

    private RuleMatch FindPattern(ReadyRules? ready, CanonicalTarget keyed, CanonicalTarget fetched, ulong checkedAt)
    {
        if (_newestUnfiltered <= checkedAt && !MayMatch(ready, keyed, fetched, checkedAt))
            return default;
        var texts = PurgePattern.Texts(keyed, fetched);
        for (var i = _patterns.Length - 1; i >= 0 && _patterns[i].Position > checkedAt; i--)
        {
            var rule = _patterns[i];
            if ((rule.RequiredLiteral is not { } literal || HoldsAny(texts, literal)) && rule.MatchesAny(texts))
                return new RuleMatch(rule.Position, PurgeKind.Regex);
        }
        return default;
    }

    /// <summary>Whether a required literal occurs at all: for nearly every URL none does, and then not even the list of its texts is made.</summary>
    private bool MayMatch(ReadyRules? ready, CanonicalTarget keyed, CanonicalTarget fetched, ulong checkedAt)
    {
        // The path is part of the path with query; a decoded form differs where there is a triple.
        if (HoldsRequired(ready, keyed.PathAndQuery, checkedAt))
            return true;
        if (!keyed.IsSameText(fetched) && HoldsRequired(ready, fetched.PathAndQuery, checkedAt))
            return true;
        if (!keyed.PathAndQuery.Contains('%', StringComparison.Ordinal) && !fetched.PathAndQuery.Contains('%', StringComparison.Ordinal))
            return false;
        foreach (var text in PurgePattern.Texts(keyed, fetched))
        {
            if (HoldsRequired(ready, text, checkedAt))
                return true;
        }
        return false;
    }

    private bool HoldsRequired(ReadyRules? ready, string text, ulong checkedAt)
    {
        if (ready is not null)
            return ready.NewestRequired(text) > checkedAt;
        for (var i = _patterns.Length - 1; i >= 0 && _patterns[i].Position > checkedAt; i--)
        {
            if (text.Contains(_patterns[i].RequiredLiteral ?? "", StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    private static bool HoldsAny(IReadOnlyList<string> texts, string literal)
    {
        foreach (var text in texts)
        {
            if (text.Contains(literal, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
