using System.Buffers;

namespace Paradarum.Protocol.Urls;

/// <summary>
/// The path and query of a request in canonical form (contract 1.4). <see cref="Query"/> is null when the target had no <c>?</c>,
/// and empty when it had one with nothing after it: the two are different resources. Two references: kept with every stored response, it costs no object. Made by
/// <see cref="Parse"/> alone.
/// </summary>
public readonly record struct CanonicalTarget
{
    /// <summary>
    /// Version of the canonical form and of how keys are made from it. Raised whenever some request would be keyed otherwise than before: a node's store on disk is dropped then.
    /// </summary>
    public const int FormVersion = 1;

    /// <summary>Longest canonical target that is stored, in characters (contract 1.4).</summary>
    public const int LongestStored = 2048;

    /// <summary>The target of a request for the root, which an empty path means too.</summary>
    public static readonly CanonicalTarget Root = new("/", "/");

    private CanonicalTarget(string path, string pathAndQuery)
    {
        Path = path;
        PathAndQuery = pathAndQuery;
    }

    /// <summary>Starts with <c>/</c>; no dot segments; percent triples in upper case. ASCII only, like the query.</summary>
    public string Path { get; }

    /// <summary>A text of its own each time it is asked for; see <see cref="HasQuery"/>.</summary>
    public string? Query => HasQuery ? PathAndQuery[(Path.Length + 1)..] : null;

    /// <summary>There is a <c>?</c>, with or without something after it.</summary>
    public bool HasQuery => PathAndQuery.Length > Path.Length;

    public string PathAndQuery { get; }

    /// <summary>False for a target that is too long to be stored (<see cref="LongestStored"/>).</summary>
    public bool IsStorable => PathAndQuery.Length <= LongestStored;

    /// <summary>Makes the canonical form of a raw origin-form target (<c>/path?query</c>); a fragment is refused. Idempotent. Never throws.</summary>
    /// <remarks>A target that is canonical already is kept as it is: only the result is allocated, and the path where there is a query.</remarks>
    public static Result<CanonicalTarget> Parse(string raw)
    {
        if (raw.Length > 0 && raw[0] is not ('/' or '?'))
            return Refusal.Malformed("The target must start with '/'.");
        if (raw.Contains('#', StringComparison.Ordinal))
            return Refusal.Malformed("The target must not hold a fragment ('#').");
        if (!PercentEncoding.TryNormalise(raw, out var normal))
            return Refusal.Malformed("The target holds half a surrogate pair, which is no character.");
        if (normal.Length == 0 || normal[0] == '?')
            normal = "/" + normal;

        // Decoding leaves ? and / alone, so this is the mark that the client sent.
        var mark = normal.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? normal : normal[..mark];
        var straight = WithoutDotSegments(path);
        return ReferenceEquals(straight, path) ? new CanonicalTarget(path, normal) : Of(straight, mark < 0 ? null : normal[(mark + 1)..]);
    }

    /// <summary>The same resource with another query, for query-string modes; <paramref name="query"/> is already canonical.</summary>
    public CanonicalTarget WithQuery(string? query) => Of(Path, query);

    /// <summary>Whether the other is known to be equal without a look at its characters.</summary>
    public bool IsSameText(CanonicalTarget other) => ReferenceEquals(PathAndQuery, other.PathAndQuery);

    public bool Equals(CanonicalTarget other) => string.Equals(PathAndQuery, other.PathAndQuery, StringComparison.Ordinal);

    public override int GetHashCode() => string.GetHashCode(PathAndQuery, StringComparison.Ordinal);

    public override string ToString() => PathAndQuery;

    /// <summary>RFC 3986 §5.2.4 on a path that starts with <c>/</c>; the same instance when it has no dot segment. Empty segments count as segments.</summary>
    internal static string WithoutDotSegments(string path)
    {
        if (!HasDotSegment(path))
            return path;

        var kept = ArrayPool<char>.Shared.Rent(path.Length + 1);
        var length = 0;
        for (var at = 0; at < path.Length; )
        {
            var next = path.IndexOf('/', at + 1);
            var isLast = next < 0;
            if (isLast)
                next = path.Length;
            var segment = path.AsSpan(at, next - at);
            if (segment is "/..")
                length = Math.Max(kept.AsSpan(0, length).LastIndexOf('/'), 0);
            if (segment is not ("/." or "/.."))
            {
                segment.CopyTo(kept.AsSpan(length));
                length += segment.Length;
            }
            else if (isLast)
            {
                kept[length++] = '/';
            }
            at = next;
        }
        var result = new string(kept, 0, length);
        ArrayPool<char>.Shared.Return(kept);
        return result;
    }

    private static bool HasDotSegment(string path)
    {
        for (var at = path.IndexOf("/.", StringComparison.Ordinal); at >= 0; at = path.IndexOf("/.", at + 1, StringComparison.Ordinal))
        {
            var after = path.AsSpan(at + 2);
            if (after.IsEmpty || after[0] == '/' || (after[0] == '.' && (after.Length == 1 || after[1] == '/')))
                return true;
        }
        return false;
    }

    private static CanonicalTarget Of(string path, string? query) => new(path, query is null ? path : string.Concat(path, "?", query));
}
