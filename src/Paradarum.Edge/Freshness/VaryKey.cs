using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>
/// The request headers that selected a stored response (RFC 9111 §4.1): the names of its <c>Vary</c>, sorted, with the values that the request
/// had for them. Values are compared after joining repeated fields and trimming white space around commas, which §4.1 allows;
/// <c>Accept-Encoding</c> by <see cref="Codings"/>, <c>Accept-Language</c> by <see cref="Languages"/>. A header that is absent equals only one that is absent.
/// </summary>
internal sealed record VaryKey
{
    public static readonly VaryKey None = new([], []);

    private VaryKey(ImmutableArray<string> names, ImmutableArray<string?> values) => (Names, Values) = (names, values);

    public ImmutableArray<string> Names { get; }

    public ImmutableArray<string?> Values { get; }

    public static VaryKey Of(StringValues vary, IHeaderDictionary request)
    {
        if (vary.Count == 0)
            return None;
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in vary)
        {
            foreach (var name in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                names.Add(name.ToLowerInvariant());
        }
        return names.Count == 0 ? None : new([.. names], [.. names.Select(name => Normalised(name, request))]);
    }

    /// <summary>One that was made before, from its names and values in the same order.</summary>
    public static VaryKey Restore(string[] names, string?[] values) => new([.. names], [.. values]);

    /// <summary>Whether a request would select the response that this key belongs to.</summary>
    public bool Matches(IHeaderDictionary request)
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (!string.Equals(Normalised(Names[i], request), Values[i], StringComparison.Ordinal))
                return false;
        }
        return true;
    }

    public bool Equals(VaryKey? other) => other is not null && Names.SequenceEqual(other.Names) && Values.SequenceEqual(other.Values);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var value in Values)
            hash.Add(value, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    /// <summary>A request's field as it is compared; null when it is absent.</summary>
    /// <param name="name">In lower case.</param>
    /// <param name="request">Its headers.</param>
    public static string? Normalised(string name, IHeaderDictionary request)
    {
        if (name == "accept-encoding")
            return Codings.Normalise(request.AcceptEncoding);
        if (!request.TryGetValue(name, out var field) || field.Count == 0)
            return null;
        if (name == "accept-language")
            return Languages.Normalise(field);
        if (field.Count == 1 && !field[0]!.Contains(',', StringComparison.Ordinal))
            return field[0]!.Trim(' ', '\t');
        return string.Join(',', field.ToString().Split(',', StringSplitOptions.TrimEntries));
    }
}
