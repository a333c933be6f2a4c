using System.Buffers;
using System.Collections.Immutable;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Rules that need a look at the URL (extension, literals, patterns), made ready to be tested together. Immutable. Ordered by position.
/// </summary>
internal sealed class RuleSet
{
    private const int LongestOnStack = 1024;

    private readonly PrefixSet _starts;
    private readonly PrefixSet _reversedEnds;
    private readonly PrefixSet _reversedExtensions;
    private readonly ContainsSet _contained;
    private readonly PendingRule[] _patterns;
    private readonly ContainsSet _requiredByPatterns;
    private readonly ulong _newestUnfiltered;

    public RuleSet(ImmutableArray<PendingRule> rules)
    {
        Rules = rules;
        _starts = Prefixes(PurgeKind.StartsWith, static value => value);
        _reversedEnds = Prefixes(PurgeKind.EndsWith, Reversed);
        _reversedExtensions = Prefixes(PurgeKind.Extension, static value => Reversed("." + value));
        var contained = Of(PurgeKind.Contains).Select(rule => (rule.Value, rule.Position)).ToList();
        _contained = contained.Count == 0 ? ContainsSet.Empty : new ContainsSet(contained);
        _patterns = [.. Of(PurgeKind.Regex)];
        var required = _patterns
            .Where(rule => rule.RequiredLiteral is not null)
            .Select(rule => (rule.RequiredLiteral!, rule.Position))
            .ToList();
        _requiredByPatterns = required.Count == 0 ? ContainsSet.Empty : new ContainsSet(required);
        _newestUnfiltered = _patterns.LastOrDefault(rule => rule.RequiredLiteral is null)?.Position ?? 0;
        Load = RuleLoad.Of(rules);
    }

    public ImmutableArray<PendingRule> Rules { get; }

    public ulong Oldest => Rules[0].Position;

    public ulong Newest => Rules[^1].Position;

    public RuleLoad Load { get; }

    public IEnumerable<PendingRule> Patterns => _patterns;

    /// <summary>A rule newer than <paramref name="checkedAt"/> that matches; position 0 when there is none.</summary>
    public RuleMatch FindMatch(Stamped item, ulong checkedAt)
    {
        var keyed = item.Key.Target;
        var fetched = item.Fetched;

        // A path starts, and is contained in, its path with query; its end is another one.
        var match = FindLiteral(keyed.PathAndQuery, checkedAt);
        if (match.Position == 0 && keyed.Query is not null)
            match = FindEnd(keyed.Path, checkedAt);
        if (match.Position == 0 && !ReferenceEquals(keyed, fetched) && !keyed.Equals(fetched))
            match = FindLiteral(fetched.PathAndQuery, checkedAt);
        if (match.Position == 0 && _reversedExtensions != PrefixSet.Empty)
            match = FindReversed(_reversedExtensions, PurgeKind.Extension, keyed.Path, checkedAt);
        if (match.Position == 0 && _patterns.Length > 0 && _patterns[^1].Position > checkedAt)
            match = FindPattern(item, checkedAt);
        return match;
    }

    private RuleMatch FindLiteral(string text, ulong checkedAt)
    {
        var position = _starts.NewestMatch(text);
        if (position > checkedAt)
            return new RuleMatch(position, PurgeKind.StartsWith);
        position = _contained.NewestMatch(text);
        return position > checkedAt ? new RuleMatch(position, PurgeKind.Contains) : FindEnd(text, checkedAt);
    }

    private RuleMatch FindEnd(string text, ulong checkedAt) =>
        _reversedEnds == PrefixSet.Empty ? default : FindReversed(_reversedEnds, PurgeKind.EndsWith, text, checkedAt);

    private static RuleMatch FindReversed(PrefixSet set, PurgeKind kind, string text, ulong checkedAt)
    {
        var rented = text.Length > LongestOnStack ? ArrayPool<char>.Shared.Rent(text.Length) : null;
        var reversed = rented is null ? stackalloc char[LongestOnStack] : rented;
        reversed = reversed[..text.Length];
        if (kind is PurgeKind.Extension)
            text.AsSpan().ToLowerInvariant(reversed); // canonical targets are ASCII
        else
            text.CopyTo(reversed);
        reversed.Reverse();
        var position = set.NewestMatch(reversed);
        if (rented is not null)
            ArrayPool<char>.Shared.Return(rented);
        return position > checkedAt ? new RuleMatch(position, kind) : default;
    }

    private RuleMatch FindPattern(Stamped item, ulong checkedAt)
    {
        var texts = PurgePattern.Texts(item.Key.Target, item.Fetched);
        if (_newestUnfiltered <= checkedAt && !texts.Any(text => _requiredByPatterns.NewestMatch(text) > checkedAt))
            return default;
        for (var i = _patterns.Length - 1; i >= 0 && _patterns[i].Position > checkedAt; i--)
        {
            var rule = _patterns[i];
            var literal = rule.RequiredLiteral;
            if (literal is not null && !texts.Any(text => text.Contains(literal, StringComparison.Ordinal)))
                continue;
            if (rule.MatchesAny(texts))
                return new RuleMatch(rule.Position, PurgeKind.Regex);
        }
        return default;
    }

    private IEnumerable<PendingRule> Of(PurgeKind kind) => Rules.Where(rule => rule.Kind == kind);

    private PrefixSet Prefixes(PurgeKind kind, Func<string, string> prefix)
    {
        var rules = Of(kind).Select(rule => (prefix(rule.Value), rule.Position)).ToList();
        return rules.Count == 0 ? PrefixSet.Empty : new PrefixSet(rules);
    }

    private static string Reversed(string text) =>
        string.Create(
            text.Length,
            text,
            static (reversed, from) =>
            {
                from.CopyTo(reversed);
                reversed.Reverse();
            }
        );
}
