using System.Globalization;
using Paradarum.Edge.Freshness;

namespace Paradarum.Fuzz.Targets;

/// <summary>Range and If-Range (<see cref="ByteRanges"/>): never throw; what is chosen lies in the body, holds no byte twice, and is at most sixteen parts.</summary>
internal static class RangeTarget
{
    public static void Judge(byte[] input)
    {
        var fields = FuzzFields.Read(input);
        // The first line, which is no field, may say how long the body is.
        var first = FuzzFields.Text(input).Split('\n', 2)[0];
        var length = long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var said) ? said : 1000;
        if (ByteRanges.Select(fields, fields, 200, length) is not { } chosen)
            return;
        BrokenPromiseException.Unless(chosen.Length <= ByteRanges.Most, "There are at most sixteen parts.");
        var end = 0L;
        foreach (var range in chosen.OrderBy(range => range.First))
        {
            BrokenPromiseException.Unless(range.Count > 0 && range.Last < length, "A part lies in the body.");
            BrokenPromiseException.Unless(range.First >= end, "No byte is sent twice.");
            end = range.Last + 1;
        }
    }
}
