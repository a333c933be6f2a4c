using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Paradarum.Protocol.Tls;

/// <summary>Reads the certificates of a PEM file.</summary>
internal static class PemCertificates
{
    /// <returns>At least one, in the file's order; or a refusal that names the file and what is wrong with it.</returns>
    public static Result<X509Certificate2Collection> Read(string file)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return Refusal.Malformed($"{file} can't be read as PEM certificates: {e.Message}");
        }
        return found.Count > 0 ? found : Refusal.Malformed($"{file} holds no PEM block that begins with -----BEGIN CERTIFICATE-----.");
    }
}
