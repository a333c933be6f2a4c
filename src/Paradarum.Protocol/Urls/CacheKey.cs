namespace Paradarum.Protocol.Urls;

/// <summary>
/// The primary key of a stored response: scheme, canonical host and the target after the query-string mode. Variants (Vary, coding, ranges) hang under it; the
/// property is looked up from the host and kept beside it.
/// </summary>
/// <param name="Scope">All of it but the target.</param>
/// <param name="Target">As it is keyed.</param>
public readonly record struct CacheKey(KeyScope Scope, CanonicalTarget Target)
{
    public CacheKey(string scheme, string host, CanonicalTarget target, string parts = "")
        : this(KeyScope.Of(scheme, host, parts), target) { }

    public string Scheme => Scope.Scheme;

    public string Host => Scope.Host;

    /// <inheritdoc cref="KeyScope.Parts"/>
    public string Parts => Scope.Parts;

    /// <summary>What differs most is compared first.</summary>
    public bool Equals(CacheKey other) => Target.Equals(other.Target) && Scope.Equals(other.Scope);

    public override int GetHashCode() => HashCode.Combine(Target.GetHashCode(), Scope.GetHashCode());
}

/// <summary>How a property keys a target: the query-string mode of the rule that matches, or its own. Null: that can't be told.</summary>
public delegate CanonicalTarget? KeysTarget(CanonicalTarget target);
