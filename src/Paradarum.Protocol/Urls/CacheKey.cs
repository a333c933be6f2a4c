namespace Paradarum.Protocol.Urls;

/// <summary>
/// The primary key of a stored response: scheme, canonical host and the target after the query-string mode. Variants (Vary, coding, ranges) hang under it; the
/// property is looked up from the host and kept beside it.
/// </summary>
public sealed record CacheKey(string Scheme, string Host, CanonicalTarget Target)
{
    /// <summary>What a cache rule puts into the key beside the target: request headers and cookies. Purges and invalidations take every value of it.</summary>
    public string Parts { get; init; } = "";
}

/// <summary>How a property keys a target: the query-string mode of the rule that matches, or its own. Null: that can't be told.</summary>
public delegate CanonicalTarget? KeysTarget(CanonicalTarget target);
