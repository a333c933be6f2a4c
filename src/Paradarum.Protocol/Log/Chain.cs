using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Paradarum.Protocol.Log;

/// <summary>
/// The hash chain over the log (design section 2): hash(n) = SHA-256(hash(n-1) || position as 8 bytes big-endian || payload).
/// The hash at position 0 is SHA-256 of the epoch's UTF-8 text, so that two logs differ from the first record on.
/// </summary>
public static class Chain
{
    public const int HashLength = SHA256.HashSizeInBytes;

    private const int MostOnStack = 512;

    public static byte[] Origin(string epoch) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(epoch));

    public static byte[] Next(ReadOnlySpan<byte> previousHash, ulong position, ReadOnlySpan<byte> payload)
    {
        // Most records are small: put together and hashed in one call, which makes no hash state to be freed.
        var length = previousHash.Length + sizeof(ulong) + payload.Length;
        if (length > MostOnStack)
            return NextOfLarge(previousHash, position, payload);
        Span<byte> whole = stackalloc byte[MostOnStack];
        previousHash.CopyTo(whole);
        BinaryPrimitives.WriteUInt64BigEndian(whole[previousHash.Length..], position);
        payload.CopyTo(whole[(previousHash.Length + sizeof(ulong))..]);
        return SHA256.HashData(whole[..length]);
    }

    private static byte[] NextOfLarge(ReadOnlySpan<byte> previousHash, ulong position, ReadOnlySpan<byte> payload)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(number, position);
        hash.AppendData(previousHash);
        hash.AppendData(number);
        hash.AppendData(payload);
        return hash.GetHashAndReset();
    }
}
