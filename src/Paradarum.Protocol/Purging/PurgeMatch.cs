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
    /// <param name="fetched">The target as it was fetched from upstream: the same instance as <paramref name="keyed"/> unless the query-string mode changed it.</param>
    /// <param name="mode">The property's query-string mode: a Path with <c>?</c> names the entry that a request for it would be answered from.</param>
    public static bool Matches(PurgeRule rule, CanonicalTarget keyed, CanonicalTarget fetched, QueryMode mode) =>
        throw new NotImplementedException();
}
