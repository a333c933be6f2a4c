using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Edge.Freshness;

/// <summary>
/// <c>Accept-Encoding</c> reduced to the codings that matter (zstd, br, gzip), in that order, so that the many spellings of browsers
/// share a variant. What was normalised is also what goes upstream, so the stored variant is what its key says (RFC 9110 §12.5.3).
/// </summary>
internal static class Codings
{
    private const string Nothing = "identity";

    private static readonly string[] Known = ["zstd", "br", "gzip"];

    // All subsets of Known, by bit, so that a hit allocates nothing.
    private static readonly string[] Subsets =
    [
        .. Enumerable.Range(0, 8).Select(bits => string.Join(", ", Known.Where((_, i) => (bits & (1 << i)) != 0))),
    ];

    /// <summary>For example <c>gzip, deflate, br;q=0.9</c> gives <c>br, gzip</c>; nothing known, or nothing at all, gives <c>identity</c>.</summary>
    public static string Normalise(StringValues field)
    {
        int accepted = 0,
            refused = 0,
            anyElse = 0;
        foreach (var line in field)
        {
            var text = line.AsSpan();
            foreach (var range in text.Split(','))
            {
                var member = text[range];
                var semicolon = member.IndexOf(';');
                var name = (semicolon < 0 ? member : member[..semicolon]).Trim(" \t");
                var wanted = semicolon < 0 || Quality(member[(semicolon + 1)..]) > 0;
                var bit = Bit(name);
                if (name is "*" && wanted)
                    anyElse = 7;
                else if (wanted)
                    accepted |= bit;
                else
                    refused |= bit;
            }
        }
        var bits = (accepted | anyElse) & ~refused;
        return bits == 0 ? Nothing : Subsets[bits];
    }

    private static int Bit(ReadOnlySpan<char> name)
    {
        if (name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
            return 4;
        for (var i = 0; i < Known.Length; i++)
        {
            if (name.Equals(Known[i], StringComparison.OrdinalIgnoreCase))
                return 1 << i;
        }
        return 0;
    }

    private static double Quality(ReadOnlySpan<char> parameters)
    {
        var q = parameters.Trim(" \t");
        if (!q.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
            return 1;
        return double.TryParse(q[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }
}
