using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>How old a response is (RFC 9111 §4.2.3), in any number of caches.</summary>
internal static class Age
{
    private const long Longest = 2_147_483_648;

    /// <summary>The corrected initial age: what the response was worth on arrival, by the more pessimistic of <c>Date</c> and <c>Age</c>.</summary>
    /// <remarks>The round trip is added to <c>Age</c>, as §4.2.3 asks. A clock that ran backwards never makes a response younger than 0. Never throws.</remarks>
    public static TimeSpan CorrectedInitial(IHeaderDictionary received, DateTimeOffset requestTime, DateTimeOffset responseTime)
    {
        var apparent = HttpDate.Parse(received.Date) is { } date ? AtLeastZero(responseTime - date) : TimeSpan.Zero;
        var corrected = Value(received.Age) + AtLeastZero(responseTime - requestTime);
        return apparent > corrected ? apparent : corrected;
    }

    /// <summary>The age now, for the comparison with the lifetime and for the <c>Age</c> header (written in whole seconds, rounded down).</summary>
    public static TimeSpan Current(TimeSpan correctedInitial, DateTimeOffset responseTime, DateTimeOffset now) =>
        correctedInitial + AtLeastZero(now - responseTime);

    public static long InSeconds(TimeSpan age) => Math.Min((long)age.TotalSeconds, Longest);

    /// <summary>The Age header's value; the first of several counts, one that is no number is ignored (§5.1). Parameters, which a structured Item could have, are not looked at.</summary>
    private static TimeSpan Value(StringValues field)
    {
        if (field.Count == 0 || field[0] is not { } text)
            return TimeSpan.Zero;
        var end = text.AsSpan().IndexOfAny(',', ';');
        var first = (end < 0 ? text.AsSpan() : text.AsSpan(0, end)).Trim(" \t");
        if (first.IsEmpty || first.ContainsAnyExceptInRange('0', '9'))
            return TimeSpan.Zero;
        var fits = long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < Longest;
        return TimeSpan.FromSeconds(fits ? seconds : Longest);
    }

    private static TimeSpan AtLeastZero(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}
