namespace Paradarum.Protocol.Urls;

/// <summary>
/// The primary key of a stored response: scheme, canonical host and the target after the query-string mode. Variants (Vary, coding, ranges) hang under it; the
/// property is looked up from the host and kept beside it.
/// </summary>
public sealed record CacheKey(string Scheme, string Host, CanonicalTarget Target)
{
    /// <summary>What a cache rule puts into the key beside the target: request headers and cookies. Purges and invalidations take every value of it.</summary>
    public string Parts { get; init; } = "";

    /// <summary>What differs most is compared first. Scheme is left out of the hash: there are two.</summary>
    public bool Equals(CacheKey? other) =>
        ReferenceEquals(this, other)
        || (
            other is not null
            && Target.Equals(other.Target)
            && string.Equals(Host, other.Host, StringComparison.Ordinal)
            && string.Equals(Scheme, other.Scheme, StringComparison.Ordinal)
            && string.Equals(Parts, other.Parts, StringComparison.Ordinal)
        );

    public override int GetHashCode() =>
        HashCode.Combine(
            Target.GetHashCode(),
            string.GetHashCode(Host, StringComparison.Ordinal),
            string.GetHashCode(Parts, StringComparison.Ordinal)
        );
}

/// <summary>How a property keys a target: the query-string mode of the rule that matches, or its own. Null: that can't be told.</summary>
public delegate CanonicalTarget? KeysTarget(CanonicalTarget target);
