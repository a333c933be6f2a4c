using System.Security.Cryptography;
using System.Text;

namespace Paradarum.Protocol.Configuration;

/// <summary>
/// The private key of a certificate as it lies in the database, in the log and on the disks of nodes: AES-256-GCM under the installation's certificate key, bound to the
/// chain that it belongs to (docs/formats/log.md).
/// </summary>
/// <remarks>Layout: version 1 (1 byte), the first 4 bytes of SHA-256 of the key it is sealed with, nonce (12), tag (16), the PKCS #8 key enciphered.</remarks>
public static class CertificateSeal
{
    public const int KeyLength = 32;

    private const byte Version = 1;
    private const int NameAt = 1;
    private const int NameLength = 4;
    private const int NonceAt = NameAt + NameLength;
    private const int NonceLength = 12;
    private const int TagAt = NonceAt + NonceLength;
    private const int TagLength = 16;
    private const int ContentAt = TagAt + TagLength;

    /// <param name="key">Of the installation, <see cref="KeyLength"/> bytes. Nonces are random: good for four thousand million certificates.</param>
    /// <param name="certificateId">See <see cref="PropertyCertificate.IdOf"/>.</param>
    /// <param name="privateKey">PKCS #8, not enciphered.</param>
    public static byte[] Close(ReadOnlySpan<byte> key, string certificateId, ReadOnlySpan<byte> privateKey)
    {
        var box = new byte[ContentAt + privateKey.Length];
        box[0] = Version;
        NameOf(key).CopyTo(box.AsSpan(NameAt));
        RandomNumberGenerator.Fill(box.AsSpan(NonceAt, NonceLength));
        using var cipher = new AesGcm(key, TagLength);
        cipher.Encrypt(
            box.AsSpan(NonceAt, NonceLength),
            privateKey,
            box.AsSpan(ContentAt),
            box.AsSpan(TagAt, TagLength),
            Bound(certificateId)
        );
        return box;
    }

    /// <summary>Whether it was sealed with this key, by its name; <see cref="Open"/> proves it.</summary>
    public static bool IsOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> sealedKey) =>
        key.Length == KeyLength
        && sealedKey.Length > ContentAt
        && sealedKey[0] == Version
        && sealedKey.Slice(NameAt, NameLength).SequenceEqual(NameOf(key));

    /// <summary>The private key, to be cleared after use; null for what was not sealed with this key for this certificate.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> key, string certificateId, ReadOnlySpan<byte> sealedKey)
    {
        if (!IsOf(key, sealedKey))
            return null;
        var opened = new byte[sealedKey.Length - ContentAt];
        try
        {
            using var cipher = new AesGcm(key, TagLength);
            cipher.Decrypt(
                sealedKey.Slice(NonceAt, NonceLength),
                sealedKey[ContentAt..],
                sealedKey.Slice(TagAt, TagLength),
                opened,
                Bound(certificateId)
            );
            return opened;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> key) => SHA256.HashData(key).AsSpan(0, NameLength);

    private static byte[] Bound(string certificateId) => Encoding.UTF8.GetBytes($"paradarum certificate\n{certificateId}");
}
