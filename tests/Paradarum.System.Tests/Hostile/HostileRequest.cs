using System.Text;

namespace Paradarum.SystemTests.Hostile;

/// <summary>One request as bytes.</summary>
/// <param name="Kind">What it tries, for a failure's message.</param>
/// <param name="Bytes">Exactly what is sent.</param>
/// <param name="Manner">What may come back.</param>
internal sealed record HostileRequest(string Kind, byte[] Bytes, Manner Manner = Manner.WellFormed)
{
    public override string ToString() => $"{Kind}: {Encoding.Latin1.GetString(Bytes.AsSpan(0, Math.Min(Bytes.Length, 600)))}";
}

internal enum Manner
{
    /// <summary>Good HTTP: the application answers.</summary>
    WellFormed,

    /// <summary>Broken HTTP: the server answers without the application, or hangs up.</summary>
    Malformed,

    /// <summary>The client leaves in the middle.</summary>
    CutOff,
}

/// <summary>Random pieces that requests of all sorts are made of. The same seed gives the same ones.</summary>
internal static class RandomPieces
{
    public static T OneOf<T>(this Random random, params ReadOnlySpan<T> of) => of[random.Next(of.Length)];

    public static bool Chance(this Random random, int percent) => random.Next(100) < percent;

    public static byte[] Bytes(this Random random, int most)
    {
        var bytes = new byte[random.Next(most)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>UTF-16 of any kind: controls, halves of pairs, several scripts.</summary>
    public static string Text(this Random random, int most)
    {
        var text = new StringBuilder();
        for (var n = random.Next(most); n > 0; n--)
        {
            text.Append(
                random.Next(6) switch
                {
                    0 => (char)random.Next(0x20),
                    1 => (char)random.Next(0xD800, 0xE000),
                    2 => (char)random.Next(0x80, 0xD800),
                    3 => random.OneOf('/', '?', '#', '%', '*', '\\', '(', '[', '"', '\0'),
                    _ => (char)random.Next(0x20, 0x7F),
                }
            );
        }
        return text.ToString();
    }

    /// <summary>Visible ASCII, good enough for a header's value.</summary>
    public static string Visible(this Random random, int least, int most) =>
        string.Create(
            random.Next(least, most),
            random,
            static (span, from) =>
            {
                foreach (ref var character in span)
                    character = (char)from.Next(0x21, 0x7F);
            }
        );
}
