using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Paradarum.Protocol.Tokens;

/// <summary>
/// What a <c>purgeId</c> and an <c>X-Purge-Position</c> carry (contract 1.1 and part 2): epoch, property and position under a MAC
/// (HMAC-SHA256, truncated to 16 bytes), written in base64url without padding.
/// </summary>
/// <remarks>Layout: version (1 byte, 1), property (8, big-endian), position (8, big-endian), epoch (UTF-8, up to 64 bytes), MAC over all before it (16).</remarks>
public sealed record PurgeToken(string Epoch, long PropertyId, ulong Position)
{
    private const byte Version = 1;
    private const int MacLength = 16;
    private const int HeadLength = 1 + sizeof(long) + sizeof(ulong);
    private const int LongestEpoch = 64;
    private const int LongestToken = HeadLength + LongestEpoch + MacLength;
    private const int LongestText = (LongestToken * 4 / 3) + 2;

    /// <exception cref="ArgumentException">The epoch is longer than 64 bytes: it is none of ours.</exception>
    public string Write(ReadOnlySpan<byte> key)
    {
        Span<byte> token = stackalloc byte[LongestToken];
        token[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(token[1..], PropertyId);
        BinaryPrimitives.WriteUInt64BigEndian(token[(1 + sizeof(long))..], Position);
        var signed = HeadLength + Encoding.UTF8.GetBytes(Epoch, token.Slice(HeadLength, LongestEpoch));
        Sign(key, token[..signed], token.Slice(signed, MacLength));
        return Base64Url.EncodeToString(token[..(signed + MacLength)]);
    }

    /// <summary>False for anything that was not written with this key. Compared in constant time. Never throws.</summary>
    public static bool TryRead(string text, ReadOnlySpan<byte> key, [NotNullWhen(true)] out PurgeToken? token)
    {
        token = null;
        if (text.Length > LongestText)
            return false;
        Span<byte> bytes = stackalloc byte[LongestToken];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out var length) != OperationStatus.Done || length < HeadLength + MacLength)
            return false;

        var signed = bytes[..(length - MacLength)];
        Span<byte> expected = stackalloc byte[MacLength];
        Sign(key, signed, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, bytes.Slice(signed.Length, MacLength)) || signed[0] != Version)
            return false;

        // One token has one spelling: the decoder skips white space and spare bits.
        if (!string.Equals(Base64Url.EncodeToString(bytes[..length]), text, StringComparison.Ordinal))
            return false;
        token = new PurgeToken(
            Encoding.UTF8.GetString(signed[HeadLength..]),
            BinaryPrimitives.ReadInt64BigEndian(signed[1..]),
            BinaryPrimitives.ReadUInt64BigEndian(signed[(1 + sizeof(long))..])
        );
        return true;
    }

    private static void Sign(ReadOnlySpan<byte> key, ReadOnlySpan<byte> signed, Span<byte> mac)
    {
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, signed, whole);
        whole[..MacLength].CopyTo(mac);
    }
}
