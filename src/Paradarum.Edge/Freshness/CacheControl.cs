using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>The directives of <c>Cache-Control</c> that carry no number (RFC 9111 §5.2).</summary>
[Flags]
internal enum Directives
{
    None = 0,
    NoStore = 1,
    NoCache = 2,
    Private = 4,
    Public = 8,
    MustRevalidate = 16,
    ProxyRevalidate = 32,
    MustUnderstand = 64,
    OnlyIfCached = 128,
    NoTransform = 256,
}

/// <summary>
/// A <c>Cache-Control</c> field, of a request or a response, read once (RFC 9111 §5.2). Names are read without regard to case, unknown
/// directives are ignored, numbers may be quoted. The qualified forms <c>no-cache="x"</c> and <c>private="x"</c> count as the unqualified
/// ones, which §5.2.2.4 and §5.2.2.7 allow.
/// </summary>
/// <remarks>
/// Durations are whole seconds from 0 to 2 147 483 648 (§1.2.2). One that is no integer, or is given twice, reads as 0: a broken value
/// never extends a lifetime (our choice among what §4.2.1 allows). Never throws.
/// </remarks>
internal readonly record struct CacheControl
{
    private const long Longest = 2_147_483_648;

    public Directives Directives { get; private init; }

    public TimeSpan? MaxAge { get; private init; }

    public TimeSpan? SharedMaxAge { get; private init; }

    public TimeSpan? StaleWhileRevalidate { get; private init; }

    public TimeSpan? StaleIfError { get; private init; }

    public TimeSpan? MinFresh { get; private init; }

    /// <summary>How stale a request accepts; without a value: any age (<see cref="TimeSpan.MaxValue"/>).</summary>
    public TimeSpan? MaxStale { get; private init; }

    public bool Has(Directives anyOf) => (Directives & anyOf) != Directives.None;

    public static CacheControl Parse(StringValues field)
    {
        var read = default(CacheControl);
        foreach (var line in field)
        {
            var rest = line.AsSpan();
            while (TryTake(ref rest, out var name, out var value))
                read = read.With(name, value);
        }
        return read;
    }

    private CacheControl With(ReadOnlySpan<char> name, ReadOnlySpan<char> value) =>
        name.Length switch
        {
            6 when Is(name, "public") => this with { Directives = Directives | Directives.Public },
            7 when Is(name, "private") => this with { Directives = Directives | Directives.Private },
            7 when Is(name, "max-age") => this with { MaxAge = Seconds(value, MaxAge) },
            8 when Is(name, "no-store") => this with { Directives = Directives | Directives.NoStore },
            8 when Is(name, "no-cache") => this with { Directives = Directives | Directives.NoCache },
            8 when Is(name, "s-maxage") => this with { SharedMaxAge = Seconds(value, SharedMaxAge) },
            9 when Is(name, "min-fresh") => this with { MinFresh = Seconds(value, MinFresh) },
            9 when Is(name, "max-stale") => this with { MaxStale = value.IsEmpty ? TimeSpan.MaxValue : Seconds(value, MaxStale) },
            12 when Is(name, "no-transform") => this with { Directives = Directives | Directives.NoTransform },
            14 when Is(name, "only-if-cached") => this with { Directives = Directives | Directives.OnlyIfCached },
            14 when Is(name, "stale-if-error") => this with { StaleIfError = Seconds(value, StaleIfError) },
            15 when Is(name, "must-revalidate") => this with { Directives = Directives | Directives.MustRevalidate },
            15 when Is(name, "must-understand") => this with { Directives = Directives | Directives.MustUnderstand },
            16 when Is(name, "proxy-revalidate") => this with { Directives = Directives | Directives.ProxyRevalidate },
            22 when Is(name, "stale-while-revalidate") => this with { StaleWhileRevalidate = Seconds(value, StaleWhileRevalidate) },
            _ => this,
        };

    private static bool Is(ReadOnlySpan<char> name, string directive) => name.Equals(directive, StringComparison.OrdinalIgnoreCase);

    private static TimeSpan Seconds(ReadOnlySpan<char> value, TimeSpan? seen)
    {
        if (seen is not null || value.IsEmpty || value.ContainsAnyExceptInRange('0', '9'))
            return TimeSpan.Zero;
        var fits = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < Longest;
        return TimeSpan.FromSeconds(fits ? seconds : Longest);
    }

    /// <summary>Takes the next <c>name</c> or <c>name=value</c> off a comma-separated list; a comma inside quotes does not separate.</summary>
    private static bool TryTake(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        name = value = default;
        rest = rest.TrimStart(", \t");
        if (rest.IsEmpty)
            return false;
        var end = 0;
        var quoted = false;
        for (; end < rest.Length && (quoted || rest[end] != ','); end++)
        {
            if (rest[end] == '"')
                quoted = !quoted;
            else if (quoted && rest[end] == '\\' && end + 1 < rest.Length)
                end++;
        }

        var member = rest[..end];
        rest = rest[end..];
        var equals = member.IndexOf('=');
        name = (equals < 0 ? member : member[..equals]).Trim(" \t");
        value = equals < 0 ? default : member[(equals + 1)..].Trim(" \t");
        if (value.Length >= 2 && value[0] == '"' && value[^1] == '"')
            value = value[1..^1];
        // "max-age=" is broken, not absent: give the number reader something that is no number.
        else if (equals >= 0 && value.IsEmpty)
            value = "=";
        return true;
    }
}
