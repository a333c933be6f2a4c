namespace Paradarum.Protocol.Urls;

/// <summary>
/// The path and query of a request in canonical form (contract 1.4). <see cref="Query"/> is null when the target had no <c>?</c>,
/// and empty when it had one with nothing after it: the two are different resources.
/// </summary>
public sealed record CanonicalTarget
{
    /// <summary>Longest canonical target that is stored, in characters (contract 1.4).</summary>
    public const int LongestStored = 2048;

    private CanonicalTarget(string path, string? query)
    {
        Path = path;
        Query = query;
        PathAndQuery = query is null ? path : string.Concat(path, "?", query);
    }

    /// <summary>Starts with <c>/</c>; no dot segments; percent triples in upper case.</summary>
    public string Path { get; }

    public string? Query { get; }

    public string PathAndQuery { get; }

    /// <summary>Makes the canonical form of a raw origin-form target (<c>/path?query</c>); a fragment is refused. Idempotent. Never throws.</summary>
    public static Result<CanonicalTarget> Parse(string raw) => throw new NotImplementedException();

    /// <summary>The same resource with another query, for query-string modes; <paramref name="query"/> is already canonical.</summary>
    public CanonicalTarget WithQuery(string? query) => new(Path, query);
}
