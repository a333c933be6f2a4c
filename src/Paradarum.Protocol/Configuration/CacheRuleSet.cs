using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Configuration;

/// <summary>
/// A property's cache rules, ready to be asked: the first that matches the canonical path counts (contract part 3). Literals are percent-normalised like the path, so
/// that a pattern may be written as a visitor types it.
/// </summary>
/// <remarks>
/// Bounded in time, since a pattern of one tenant must not make the node slow (G7): one path may take <see cref="LongestMatch"/>, and matches may take
/// <see cref="Allowance"/> on average. What is above it adds up, what is below it is taken off again; at <see cref="MostOverspent"/> the patterns of the set are not run any more. Where
/// a rule can't be told, the answer is <see cref="Undecided"/>: nothing is stored or served from store, which is slow for that property alone and never wrong.
/// </remarks>
public sealed class CacheRuleSet
{
    /// <summary>Stands for the rule that could not be told in time: it never stores.</summary>
    public static readonly CacheRule Undecided = new("", CacheRuleMatch.Regex, 0, []);

    /// <summary>What one pattern may take on one path, on the wall.</summary>
    public static readonly TimeSpan LongestMatch = TimeSpan.FromMilliseconds(10);

    /// <summary>Processor time that one pattern may take on a path on average; an ordinary one takes less than 1.</summary>
    public static readonly TimeSpan Allowance = TimeSpan.FromMicroseconds(20);

    /// <summary>What all matches together may take above that before patterns are given up, until the next configuration.</summary>
    public static readonly TimeSpan MostOverspent = TimeSpan.FromMilliseconds(50);

    /// <summary>Made once per configuration record and forgotten with it.</summary>
    private static readonly ConditionalWeakTable<PropertyConfiguration, CacheRuleSet> Known = [];

    private readonly ImmutableArray<CacheRule> _rules;
    private readonly string[] _literals;
    private readonly Regex?[] _patterns;
    private readonly QueryMode _mode;
    private readonly bool _rulesHaveModes;
    private long _overspent;

    private CacheRuleSet(PropertyConfiguration configuration)
    {
        _rules = configuration.CacheRules.IsDefault ? [] : configuration.CacheRules;
        _literals = [.. _rules.Select(rule => PercentEncoding.TryNormalise(rule.Pattern, out var normal) ? normal : rule.Pattern)];
        _patterns = [.. _rules.Select(Pattern)];
        _mode = configuration.QueryMode;
        _rulesHaveModes = _rules.Any(rule => rule.Key.Query != Link.RuleQuery.AsProperty);
    }

    public static CacheRuleSet Of(PropertyConfiguration configuration) =>
        Known.TryGetValue(configuration, out var known) ? known : Known.GetValue(configuration, static made => new CacheRuleSet(made));

    /// <summary>Patterns took too long and are not run any more.</summary>
    public bool IsOverspent => Volatile.Read(ref _overspent) >= MostOverspent.Ticks;

    /// <summary>The first rule for a path, null when there is none, <see cref="Undecided"/> when it can't be told.</summary>
    public CacheRule? For(string path)
    {
        for (var i = 0; i < _rules.Length; i++)
        {
            var matches = Matches(i, path);
            if (matches is null)
                return Undecided;
            if (matches is true)
                return _rules[i];
        }
        return null;
    }

    /// <summary>The target as the key holds it, under the rule that <see cref="For"/> gave for its path.</summary>
    public CanonicalTarget Keyed(CanonicalTarget target, CacheRule? rule) => (rule?.Key.ModeOr(_mode) ?? _mode).Apply(target);

    /// <summary>The same for a target whose rule is not known yet (<see cref="KeysTarget"/>).</summary>
    public CanonicalTarget? Keyed(CanonicalTarget target)
    {
        if (!_rulesHaveModes)
            return _mode.Apply(target);
        var rule = For(target.Path);
        return ReferenceEquals(rule, Undecided) ? null : Keyed(target, rule);
    }

    /// <summary>Null: it took too long, or the pattern cannot be built.</summary>
    private bool? Matches(int rule, string path) =>
        _rules[rule].Match switch
        {
            CacheRuleMatch.Equals => string.Equals(path, _literals[rule], StringComparison.Ordinal),
            CacheRuleMatch.Contains => path.Contains(_literals[rule], StringComparison.Ordinal),
            CacheRuleMatch.StartsWith => path.StartsWith(_literals[rule], StringComparison.Ordinal),
            CacheRuleMatch.EndsWith => path.EndsWith(_literals[rule], StringComparison.Ordinal),
            _ => IsFound(_patterns[rule], path),
        };

    private bool? IsFound(Regex? pattern, string path)
    {
        if (pattern is null || IsOverspent)
            return null;
        var started = ThreadClock.Now;
        try
        {
            return pattern.IsMatch(path);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
        finally
        {
            Count(ThreadClock.Now - started);
        }
    }

    /// <summary>An ordinary match writes nothing that another thread reads.</summary>
    private void Count(TimeSpan took)
    {
        var above = (took - Allowance).Ticks;
        var overspent = Volatile.Read(ref _overspent);
        if (above <= 0 && overspent <= 0)
            return;
        // Lost updates of threads that meet here are no matter; once given up it stays so.
        if (overspent < MostOverspent.Ticks)
            Volatile.Write(ref _overspent, Math.Max(0, overspent + above));
    }

    private static Regex? Pattern(CacheRule rule) =>
        rule.Match == CacheRuleMatch.Regex && PurgePattern.TryBuild(rule.Pattern, LongestMatch, out var regex, out _) ? regex : null;
}
