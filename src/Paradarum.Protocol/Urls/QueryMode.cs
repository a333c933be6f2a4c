using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;

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
/// <remarks>
/// A parameter is what stands between two <c>&amp;</c>; its name ends at the first <c>=</c>. Names are compared case-sensitively in canonical form
/// (<c>%75tm</c> is <c>utm</c>, <c>+</c> is no space). Under <see cref="QueryModeKind.Except"/> and <see cref="QueryModeKind.Only"/> empty pieces are left out,
/// and a query in which no parameter is left is no query: <c>/a?utm=1</c> and <c>/a?</c> then share the key of <c>/a</c>.
/// </remarks>
public sealed record QueryMode
{
    public static readonly QueryMode WholeQuery = new(QueryModeKind.None, []);

    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _names;

    public QueryMode(QueryModeKind kind, ImmutableArray<string> values)
    {
        Kind = kind;
        Values = values.IsDefault ? [] : values;
        _names = Values
            .Select(name => PercentEncoding.TryNormalise(name, out var normal) ? normal : name)
            .ToFrozenSet(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public QueryModeKind Kind { get; }

    public ImmutableArray<string> Values { get; }

    /// <summary>The target as the key holds it. The same text when nothing changes. Idempotent.</summary>
    public CanonicalTarget Apply(CanonicalTarget target) =>
        !target.HasQuery ? target
        : Kind is QueryModeKind.None ? target
        : Kind is QueryModeKind.IgnoreAll ? target.WithQuery(null)
        : Filter(target, target.Query!);

    public bool Equals(QueryMode? other) => other is not null && Kind == other.Kind && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Kind, Values.Length);

    private CanonicalTarget Filter(CanonicalTarget target, string query)
    {
        if (query.Length > 0 && AllKept(query))
            return target;

        var kept = new StringBuilder(query.Length);
        foreach (var range in query.AsSpan().Split('&'))
        {
            var parameter = query.AsSpan(range);
            if (!IsKept(parameter))
                continue;
            if (kept.Length > 0)
                kept.Append('&');
            kept.Append(parameter);
        }
        return target.WithQuery(kept.Length == 0 ? null : kept.ToString());
    }

    private bool AllKept(string query)
    {
        foreach (var range in query.AsSpan().Split('&'))
        {
            if (!IsKept(query.AsSpan(range)))
                return false;
        }
        return true;
    }

    private bool IsKept(ReadOnlySpan<char> parameter)
    {
        if (parameter.IsEmpty)
            return false;
        var equals = parameter.IndexOf('=');
        return _names.Contains(equals < 0 ? parameter : parameter[..equals]) == (Kind is QueryModeKind.Except);
    }
}
