using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving;

/// <summary>A property's cache rules, ready to be asked: the first that matches the path counts (contract part 3).</summary>
internal sealed class CacheRuleSet
{
    /// <summary>A rule that takes longer on one path counts as "never store" for it: the rules of one property must not slow down another.</summary>
    private static readonly TimeSpan LongestMatch = TimeSpan.FromMilliseconds(2);

    /// <summary>Made once per configuration record and forgotten with it.</summary>
    private static readonly ConditionalWeakTable<PropertyConfiguration, CacheRuleSet> Known = [];

    private readonly ImmutableArray<CacheRule> _rules;
    private readonly Regex?[] _patterns;

    private CacheRuleSet(PropertyConfiguration configuration)
    {
        _rules = configuration.CacheRules.IsDefault ? [] : configuration.CacheRules;
        _patterns = [.. _rules.Select(Pattern)];
    }

    public static CacheRuleSet Of(PropertyConfiguration configuration) =>
        Known.TryGetValue(configuration, out var known) ? known : Known.GetValue(configuration, static made => new CacheRuleSet(made));

    /// <summary>The first rule for a path, or null.</summary>
    public CacheRule? For(string path)
    {
        for (var i = 0; i < _rules.Length; i++)
        {
            switch (Matches(i, path))
            {
                case true:
                    return _rules[i];
                case null:
                    return _rules[i] with { TtlSeconds = 0 };
                default:
                    continue;
            }
        }
        return null;
    }

    /// <summary>Whether the visitor carries a cookie whose name begins as one of the rule's bypass cookies.</summary>
    public static bool Bypasses(CacheRule rule, IHeaderDictionary request)
    {
        if (rule.BypassCookies.IsDefaultOrEmpty)
            return false;
        foreach (var line in request.Cookie)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var cookie = line.AsSpan()[range].TrimStart();
                foreach (var prefix in rule.BypassCookies)
                {
                    if (cookie.StartsWith(prefix, StringComparison.Ordinal))
                        return true;
                }
            }
        }
        return false;
    }

    /// <summary>Null: it took too long, or the pattern cannot be built.</summary>
    private bool? Matches(int rule, string path)
    {
        var pattern = _rules[rule].Pattern;
        switch (_rules[rule].Match)
        {
            case CacheRuleMatch.Equals:
                return path == pattern;
            case CacheRuleMatch.Contains:
                return path.Contains(pattern, StringComparison.Ordinal);
            case CacheRuleMatch.StartsWith:
                return path.StartsWith(pattern, StringComparison.Ordinal);
            case CacheRuleMatch.EndsWith:
                return path.EndsWith(pattern, StringComparison.Ordinal);
            default:
                try
                {
                    return _patterns[rule]?.IsMatch(path);
                }
                catch (RegexMatchTimeoutException)
                {
                    return null;
                }
        }
    }

    private static Regex? Pattern(CacheRule rule)
    {
        if (rule.Match != CacheRuleMatch.Regex)
            return null;
        try
        {
            return new Regex(rule.Pattern, RegexOptions.CultureInvariant, LongestMatch);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
