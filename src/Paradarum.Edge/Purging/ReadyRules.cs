using System.Buffers;
using System.Collections.Immutable;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Purging;

/// <summary>The rules of a set made ready to be tested together, each kind in one pass over the URL whatever their number. Immutable.</summary>
internal sealed class ReadyRules
{
    private const int LongestOnStack = 1024;

    private readonly PrefixSet _starts;
    private readonly PrefixSet _reversedEnds;
    private readonly PrefixSet _reversedExtensions;
    private readonly ContainsSet _contained;
    private readonly ContainsSet _requiredByPatterns;

    public ReadyRules(ImmutableArray<PendingRule> rules, IReadOnlyList<PendingRule> patterns)
    {
        _starts = Prefixes(rules, PurgeKind.StartsWith, static value => value);
        _reversedEnds = Prefixes(rules, PurgeKind.EndsWith, Reversed);
        _reversedExtensions = Prefixes(rules, PurgeKind.Extension, static value => Reversed("." + value));
        var contained = rules.Where(rule => rule.Kind is PurgeKind.Contains).Select(rule => (rule.Value, rule.Position)).ToList();
        _contained = contained.Count == 0 ? ContainsSet.Empty : new ContainsSet(contained);
        var required = patterns
            .Where(rule => rule.RequiredLiteral is not null)
            .Select(rule => (rule.RequiredLiteral!, rule.Position))
            .ToList();
        _requiredByPatterns = required.Count == 0 ? ContainsSet.Empty : new ContainsSet(required);
    }

    /// <summary>Newest position of a pattern whose required literal occurs in the text; 0 when there is none.</summary>
    public ulong NewestRequired(string text) => _requiredByPatterns.NewestMatch(text);

    /// <summary>A literal or an extension newer than <paramref name="checkedAt"/> that matches; position 0 when there is none.</summary>
    public RuleMatch FindLiteral(CanonicalTarget keyed, CanonicalTarget fetched, ulong checkedAt)
    {
        // A path starts, and is contained in, its path with query; its end is another one.
        var match = FindLiteral(keyed.PathAndQuery, checkedAt);
        if (match.Position == 0 && keyed.HasQuery)
            match = FindEnd(keyed.Path, checkedAt);
        if (match.Position == 0 && !keyed.Equals(fetched))
            match = FindLiteral(fetched.PathAndQuery, checkedAt);
        if (match.Position == 0 && _reversedExtensions != PrefixSet.Empty)
            match = FindReversed(_reversedExtensions, PurgeKind.Extension, keyed.Path, checkedAt);
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

    private static PrefixSet Prefixes(ImmutableArray<PendingRule> rules, PurgeKind kind, Func<string, string> prefix)
    {
        var ofKind = rules.Where(rule => rule.Kind == kind).Select(rule => (prefix(rule.Value), rule.Position)).ToList();
        return ofKind.Count == 0 ? PrefixSet.Empty : new PrefixSet(ofKind);
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
