using System.Globalization;
using Microsoft.AspNetCore.Http;
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
    /// <summary>Speaks to the caches of a CDN alone (RFC 9213 §3). It goes on to visitors as it came: another CDN may stand before this one.</summary>
    public const string TargetedField = "CDN-Cache-Control";

    private const long Longest = 2_147_483_648;

    public Directives Directives { get; private init; }

    public TimeSpan? MaxAge { get; private init; }

    public TimeSpan? SharedMaxAge { get; private init; }

    public TimeSpan? StaleWhileRevalidate { get; private init; }

    public TimeSpan? StaleIfError { get; private init; }

    public TimeSpan? MinFresh { get; private init; }

    /// <summary>How stale a request accepts; without a value: any age (<see cref="TimeSpan.MaxValue"/>).</summary>
    public TimeSpan? MaxStale { get; private init; }

    /// <summary>Read from a targeted field: <c>Expires</c> counts for nothing then (RFC 9213 §2.2).</summary>
    public bool IsTargeted { get; private init; }

    public bool Has(Directives anyOf) => (Directives & anyOf) != Directives.None;

    /// <summary>
    /// What governs a response in this cache: <c>CDN-Cache-Control</c> where it is valid and not empty, else <c>Cache-Control</c> (RFC 9213 §2.2; the target list
    /// is fixed and holds that one field).
    /// </summary>
    public static CacheControl OfResponse(IHeaderDictionary received) =>
        received.TryGetValue(TargetedField, out var targeted) && Targeted(targeted) is { } control ? control : Parse(received.CacheControl);

    /// <summary>A targeted field, which is a Dictionary (RFC 9213 §2.1); null when it is to be ignored as a whole, being empty or broken.</summary>
    /// <remarks>
    /// A value of the wrong kind is not taken at its word: a lifetime reads as 0, a directive that forbids counts unless it says <c>?0</c>. So a mistake never
    /// extends a lifetime: our choice where §2.1 says not to consume such a value.
    /// </remarks>
    public static CacheControl? Targeted(StringValues field)
    {
        var read = new CacheControl { IsTargeted = true };
        var members = new StructuredField(field.ToString());
        var any = false;
        while (members.NextOfDictionary())
        {
            any = true;
            var flag = Flag(members.Key);
            if (flag == Directives.None)
                read = read.WithSeconds(members.Key, members.Kind == MemberKind.Integer ? members.Value : "=", lastCounts: true);
            else if (members is { Kind: MemberKind.Boolean, Value: "0" })
                read = read with { Directives = read.Directives & ~flag };
            else
                read = read with { Directives = read.Directives | flag };
        }
        return any && !members.IsBroken ? read : null;
    }

    public static CacheControl Parse(StringValues field)
    {
        var read = default(CacheControl);
        foreach (var line in field)
        {
            var rest = line.AsSpan();
            while (TryTake(ref rest, out var name, out var value))
            {
                var flag = Flag(name);
                read =
                    flag == Directives.None
                        ? read.WithSeconds(name, value, lastCounts: false)
                        : read with
                        {
                            Directives = read.Directives | flag,
                        };
            }
        }
        return read;
    }

    private static Directives Flag(ReadOnlySpan<char> name) =>
        name.Length switch
        {
            6 when Is(name, "public") => Directives.Public,
            7 when Is(name, "private") => Directives.Private,
            8 when Is(name, "no-store") => Directives.NoStore,
            8 when Is(name, "no-cache") => Directives.NoCache,
            12 when Is(name, "no-transform") => Directives.NoTransform,
            14 when Is(name, "only-if-cached") => Directives.OnlyIfCached,
            15 when Is(name, "must-revalidate") => Directives.MustRevalidate,
            15 when Is(name, "must-understand") => Directives.MustUnderstand,
            16 when Is(name, "proxy-revalidate") => Directives.ProxyRevalidate,
            _ => Directives.None,
        };

    /// <param name="name">Of any directive.</param>
    /// <param name="value">As written; empty: there was none.</param>
    /// <param name="lastCounts">Of directives given twice the last counts, as in any Dictionary; else they are broken.</param>
    private CacheControl WithSeconds(ReadOnlySpan<char> name, ReadOnlySpan<char> value, bool lastCounts) =>
        name.Length switch
        {
            7 when Is(name, "max-age") => this with { MaxAge = Seconds(value, lastCounts ? null : MaxAge) },
            8 when Is(name, "s-maxage") => this with { SharedMaxAge = Seconds(value, lastCounts ? null : SharedMaxAge) },
            9 when Is(name, "min-fresh") => this with { MinFresh = Seconds(value, MinFresh) },
            9 when Is(name, "max-stale") => this with { MaxStale = value.IsEmpty ? TimeSpan.MaxValue : Seconds(value, MaxStale) },
            14 when Is(name, "stale-if-error") => this with { StaleIfError = Seconds(value, lastCounts ? null : StaleIfError) },
            22 when Is(name, "stale-while-revalidate") => this with
            {
                StaleWhileRevalidate = Seconds(value, lastCounts ? null : StaleWhileRevalidate),
            },
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
