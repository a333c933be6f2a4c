using System.Security.Cryptography;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Control.Catalogue.Certificates;

/// <summary>
/// The installation's certificate key, which seals the private keys of certificates. It lies in a file of its own beside the database and never in it, so that neither a backup nor
/// the log tells a private key (docs/decisions/certificates.md). Nodes get it over their stream and keep it in memory.
/// </summary>
internal sealed class CertificateVault
{
    public const string FileName = "certificates.key";

    private readonly byte[] _key;

    private CertificateVault(byte[] key) => _key = key;

    public ReadOnlyMemory<byte> Key => _key;

    /// <summary>Reads the key, or makes it: then it is on disk before anything is sealed with it. The folder must be there.</summary>
    /// <exception cref="IOException">It can't be read or written, or what is there is no key.</exception>
    public static CertificateVault Open(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
            Write(file);
        var text = File.ReadAllText(file).Trim();
        if (text.Length != 2 * CertificateSeal.KeyLength || !text.All(char.IsAsciiHexDigit))
            throw new IOException(
                $"{file} is no certificate key: it must hold {2 * CertificateSeal.KeyLength} hexadecimal digits. Put the right one back, or move it away: then a new "
                    + "one is made, and every certificate has to be sent again."
            );
        return new CertificateVault(Convert.FromHexString(text));
    }

    public byte[] Close(string certificateId, ReadOnlySpan<byte> privateKey) => CertificateSeal.Close(_key, certificateId, privateKey);

    /// <summary>False when it was sealed with a key that this installation has no more: nodes can't use it.</summary>
    public bool CanOpen(CertificateFacts certificate) => CertificateSeal.IsOf(_key, certificate.SealedKey.Span);

    private static void Write(string file)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(file + ".new", options))
        {
            stream.Write(
                System.Text.Encoding.ASCII.GetBytes(
                    Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(CertificateSeal.KeyLength)) + "\n"
                )
            );
            stream.Flush(flushToDisk: true);
        }
        // Its name is durable with the next flush of the database beside it, which comes before anything that was sealed with it.
        File.Move(file + ".new", file, overwrite: false);
    }
}
