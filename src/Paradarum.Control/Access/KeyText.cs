using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Paradarum.Control.Access;

/// <summary>The text of an API key: <c>pdm_</c> and 28 characters from letters, digits and <c>!@#$%&amp;*</c> (contract part 3), 171 bits.</summary>
internal static class KeyText
{
    public const string Start = "pdm_";
    public const int Length = 32;
    public const int PrefixLength = 8;

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@#$%&*";
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Alphabet);

    /// <summary>A new key. Every character is drawn without bias from the system's cryptographic source.</summary>
    public static string New() => Start + RandomNumberGenerator.GetString(Alphabet, Length - Start.Length);

    /// <summary>The digest that is kept in place of the key. False for what no key looks like. Allocates nothing.</summary>
    public static bool TryDigest(ReadOnlySpan<char> sent, out KeyDigest digest)
    {
        digest = default;
        if (sent.Length != Length || !sent.StartsWith(Start, StringComparison.Ordinal) || sent[Start.Length..].ContainsAnyExcept(Allowed))
            return false;
        Span<byte> text = stackalloc byte[Length];
        Encoding.ASCII.GetBytes(sent, text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        digest = KeyDigest.From(hash);
        return true;
    }
}

/// <summary>SHA-256 of a key. Two digests are compared as a whole, so that the time tells nothing about where they differ.</summary>
internal readonly struct KeyDigest : IEquatable<KeyDigest>
{
    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private KeyDigest(ulong a, ulong b, ulong c, ulong d) => (_a, _b, _c, _d) = (a, b, c, d);

    public static KeyDigest From(ReadOnlySpan<byte> hash)
    {
        var parts = MemoryMarshal.Cast<byte, ulong>(hash[..SHA256.HashSizeInBytes]);
        return new(parts[0], parts[1], parts[2], parts[3]);
    }

    public byte[] ToBytes()
    {
        var parts = new[] { _a, _b, _c, _d };
        return MemoryMarshal.AsBytes<ulong>(parts).ToArray();
    }

    public bool Equals(KeyDigest other) => ((_a ^ other._a) | (_b ^ other._b) | (_c ^ other._c) | (_d ^ other._d)) == 0;

    public override bool Equals(object? obj) => obj is KeyDigest other && Equals(other);

    /// <summary>A digest is uniform already: any part of it is a good hash.</summary>
    public override int GetHashCode() => (int)_a;
}
