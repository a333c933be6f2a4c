using System.Globalization;
using Microsoft.Extensions.Primitives;
using Paradarum.Protocol;

namespace Paradarum.Control.Purging;

/// <summary>The query parameter <c>wait</c> of a receipt: whole <c>s</c> or <c>ms</c>, at most 60 s (contract part 2).</summary>
internal static class ReceiptWait
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static readonly Refusal Malformed = Refusal.Malformed(
        "Wait must be whole seconds or milliseconds, such as 30s or 500ms, and at most 60s."
    );

    /// <summary>Zero when the parameter is absent.</summary>
    public static Result<TimeSpan> Parse(StringValues sent)
    {
        if (sent.Count == 0)
            return TimeSpan.Zero;
        if (sent.Count > 1 || sent[0] is not { } text)
            return Malformed;
        var (unit, digits) =
            text.EndsWith("ms", StringComparison.Ordinal) ? (TimeSpan.FromMilliseconds(1), text[..^2])
            : text.EndsWith('s') ? (TimeSpan.FromSeconds(1), text[..^1])
            : (TimeSpan.Zero, "");
        // Digits alone, and few enough for what follows: no sign, no white space, no overflow.
        if (digits.Length is 0 or > 9 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return Malformed;
        var wait = unit * count;
        return wait <= Longest ? wait : Malformed;
    }
}
