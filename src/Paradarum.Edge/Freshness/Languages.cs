using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>
/// <c>Accept-Language</c> as selecting header (RFC 9110 §12.5.4, RFC 9111 §4.1): language ranges in lower case, the most wanted first, those that are wanted alike in
/// alphabetical order, so that spellings of one preference share a variant. What goes upstream is left as the visitor sent it.
/// </summary>
internal static class Languages
{
    /// <summary>For example <c>EN;q=0.8 , de</c> gives <c>de,en;q=0.8</c>. A weight that does not read is kept as written: it equals only itself.</summary>
    public static string Normalise(StringValues field)
    {
        var ranges = new List<(string Range, string Weight, double Quality)>();
        foreach (var member in field.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var semicolon = member.IndexOf(';', StringComparison.Ordinal);
            var range = (semicolon < 0 ? member : member[..semicolon].TrimEnd()).ToLowerInvariant();
            var weight = semicolon < 0 ? "" : member[(semicolon + 1)..].Trim();
            var quality = Quality(weight);
            ranges.Add((range, quality is 1 ? "" : weight, quality));
        }
        ranges.Sort(
            static (a, b) =>
                a.Quality != b.Quality ? b.Quality.CompareTo(a.Quality)
                : string.CompareOrdinal(a.Range, b.Range) is var byRange and not 0 ? byRange
                : string.CompareOrdinal(a.Weight, b.Weight)
        );
        return string.Join(',', ranges.Select(range => range.Weight.Length == 0 ? range.Range : $"{range.Range};{range.Weight}"));
    }

    private static double Quality(string weight)
    {
        if (weight.Length == 0)
            return 1;
        return
            weight.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
            && double.TryParse(weight.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality)
            ? quality
            : 0;
    }
}
