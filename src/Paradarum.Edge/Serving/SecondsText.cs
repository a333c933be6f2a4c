using System.Globalization;

namespace Paradarum.Edge.Serving;

/// <summary>
/// Texts that end in a number of seconds, kept for the numbers in use: the answers of one moment are a few ages and lifetimes, so a hit makes no text of its own. Thread-safe.
/// </summary>
/// <param name="before">What stands before the number.</param>
internal sealed class SecondsText(string before)
{
    private const int Kept = 4096;

    private readonly Known?[] _known = new Known?[Kept];

    public string Of(long seconds)
    {
        ref var place = ref _known[seconds & (Kept - 1)];
        if (Volatile.Read(ref place) is { } known && known.Seconds == seconds)
            return known.Text;
        var text = string.Create(CultureInfo.InvariantCulture, $"{before}{seconds}");
        Volatile.Write(ref place, new Known(seconds, text));
        return text;
    }

    private sealed record Known(long Seconds, string Text);
}
