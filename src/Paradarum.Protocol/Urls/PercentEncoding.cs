using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Paradarum.Protocol.Urls;

/// <summary>
/// Percent normalisation (contract 1.4): triples in upper case, unreserved characters decoded, characters that a URI may not hold (RFC 3986 §2.2, §2.3)
/// as UTF-8 triples, a <c>%</c> that starts no triple as <c>%25</c>. Nothing else changes, so <c>%2F</c>, <c>;</c> and <c>+</c> stay what they are. Idempotent.
/// </summary>
internal static class PercentEncoding
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    private const string Reserved = ":/?#[]@!$&'()*+,;=";

    private static readonly SearchValues<char> DecodedWhenTriple = SearchValues.Create(Unreserved);
    private static readonly SearchValues<char> LeftAsTheyAre = SearchValues.Create(Unreserved + Reserved);

    /// <summary>Strict: bytes that are no UTF-8 are an answer here, never replaced.</summary>
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The normal form, the same instance when the text is normal already (then nothing is allocated). False for a lone surrogate, which no UTF-8 can hold.</summary>
    public static bool TryNormalise(string text, [NotNullWhen(true)] out string? normal)
    {
        var at = FirstChange(text);
        normal = at < 0 ? text : null;
        return at < 0 || TryRewrite(text, at, out normal);
    }

    /// <summary>All triples decoded as one UTF-8 text; the same instance when there is none. False where the bytes are no UTF-8.</summary>
    public static bool TryDecode(string normal, [NotNullWhen(true)] out string? decoded)
    {
        decoded = normal;
        if (!normal.Contains('%', StringComparison.Ordinal))
            return true;

        var bytes = ArrayPool<byte>.Shared.Rent(normal.Length);
        try
        {
            var length = 0;
            for (var i = 0; i < normal.Length; i++)
            {
                if (normal[i] == '%' && TryTriple(normal, i, out var value))
                {
                    bytes[length++] = value;
                    i += 2;
                }
                else
                {
                    bytes[length++] = (byte)normal[i];
                }
            }

            // Asked first, because an exception per URL would make a sweep over binary-looking paths slow.
            decoded = System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)) ? StrictUtf8.GetString(bytes, 0, length) : null;
            return decoded is not null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>True when every surrogate has its pair: the text survives UTF-8, and with it the log.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var consumed) != OperationStatus.Done)
                return false;
            text = text[consumed..];
        }
        return true;
    }

    private static int FirstChange(string text)
    {
        var at = text.AsSpan().IndexOfAnyExcept(LeftAsTheyAre);
        while (at >= 0)
        {
            if (text[at] != '%' || !IsNormalTriple(text, at))
                return at;
            var rest = text.AsSpan(at + 3).IndexOfAnyExcept(LeftAsTheyAre);
            if (rest < 0)
                return -1;
            at += 3 + rest;
        }
        return -1;
    }

    private static bool IsNormalTriple(string text, int at) =>
        TryTriple(text, at, out var value)
        && !DecodedWhenTriple.Contains((char)value)
        && !char.IsAsciiLetterLower(text[at + 1])
        && !char.IsAsciiLetterLower(text[at + 2]);

    private static bool TryTriple(string text, int at, out byte value)
    {
        value = 0;
        if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            return false;
        value = (byte)((HexValue(text[at + 1]) << 4) | HexValue(text[at + 2]));
        return true;
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool TryRewrite(string text, int from, [NotNullWhen(true)] out string? normal)
    {
        normal = null;
        Span<byte> utf8 = stackalloc byte[4];
        var result = new StringBuilder(text, 0, from, text.Length + 16);
        for (var i = from; i < text.Length; i++)
        {
            var character = text[i];
            if (character == '%' && TryTriple(text, i, out var value))
            {
                if (DecodedWhenTriple.Contains((char)value))
                    result.Append((char)value);
                else
                    AppendTriple(result, value);
                i += 2;
            }
            else if (LeftAsTheyAre.Contains(character))
            {
                result.Append(character);
            }
            else
            {
                // A lone % arrives here too: its own UTF-8 triple is %25.
                if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var consumed) != OperationStatus.Done)
                    return false;
                foreach (var part in utf8[..rune.EncodeToUtf8(utf8)])
                    AppendTriple(result, part);
                i += consumed - 1;
            }
        }
        normal = result.ToString();
        return true;
    }

    private static void AppendTriple(StringBuilder result, byte value)
    {
        const string Digits = "0123456789ABCDEF";
        result.Append('%').Append(Digits[value >> 4]).Append(Digits[value & 0xF]);
    }
}
