using System.Collections.Immutable;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Protocol.Configuration;

/// <summary>
/// What a cache rule makes of the key of the paths it matches (contract part 3, <c>cache_key</c>): which query counts, and which request headers and cookies stand
/// in the key beside the target. Purges do not see the latter: a purge of a target takes whatever lies under it.
/// </summary>
/// <param name="Query">Instead of the property's query-string mode.</param>
/// <param name="Headers">Names in lower case, sorted, each once.</param>
/// <param name="Cookies">Names, sorted, each once.</param>
public sealed record KeyParts(RuleQuery Query, ImmutableArray<string> Headers, ImmutableArray<string> Cookies)
{
    /// <summary>The key is the property's.</summary>
    public static readonly KeyParts None = new(RuleQuery.AsProperty, [], []);

    private static readonly QueryMode NoQuery = new(Urls.QueryModeKind.IgnoreAll, []);

    public static KeyParts Of(RuleQuery query, IEnumerable<string> headers, IEnumerable<string> cookies) =>
        new(
            query,
            [.. headers.Select(name => name.ToLowerInvariant()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            [.. cookies.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]
        );

    /// <summary>Whether the request's headers say more of the key than its target does.</summary>
    public bool ReadsHeaders => Headers.Length > 0 || Cookies.Length > 0;

    /// <summary>The mode for the paths of the rule.</summary>
    public QueryMode ModeOr(QueryMode ofProperty) =>
        Query switch
        {
            RuleQuery.Whole => QueryMode.WholeQuery,
            RuleQuery.None => NoQuery,
            _ => ofProperty,
        };

    internal static KeyParts FromMessage(KeyPartsMessage? message) =>
        message is null ? None : new KeyParts(message.Query, [.. message.Headers], [.. message.Cookies]);

    internal KeyPartsMessage? ToMessage()
    {
        if (Equals(None))
            return null;
        var message = new KeyPartsMessage { Query = Query };
        message.Headers.AddRange(Headers);
        message.Cookies.AddRange(Cookies);
        return message;
    }

    public bool Equals(KeyParts? other) =>
        other is not null
        && Query == other.Query
        && Headers.AsSpan().SequenceEqual(other.Headers.AsSpan())
        && Cookies.AsSpan().SequenceEqual(other.Cookies.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Query, Headers.Length, Cookies.Length);
}
