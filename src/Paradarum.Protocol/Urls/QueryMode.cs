using System.Collections.Immutable;

namespace Paradarum.Protocol.Urls;

/// <summary>Which part of the query is in the key (contract part 3, <c>query_string</c>).</summary>
public enum QueryModeKind
{
    /// <summary>The whole query.</summary>
    None,

    /// <summary>None of it.</summary>
    IgnoreAll,

    /// <summary>Only the named parameters.</summary>
    Except,

    /// <summary>All but the named parameters.</summary>
    Only,
}

/// <summary>A property's query-string mode. Order of parameters is kept.</summary>
public sealed record QueryMode(QueryModeKind Kind, ImmutableArray<string> Values)
{
    public static readonly QueryMode WholeQuery = new(QueryModeKind.None, []);

    /// <summary>The target as the key holds it. The same instance when nothing changes.</summary>
    public CanonicalTarget Apply(CanonicalTarget target) => throw new NotImplementedException();
}
