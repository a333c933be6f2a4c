using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Control.Catalogue.Certificates;

/// <summary>
/// Reads a certificate with its key (contract part 3) and refuses what a node could not serve the hostname with: one that does not parse, does not belong to its key, does not
/// cover the name (RFC 9525 section 6: subject alternative names alone, a wildcard for one whole label) or is not valid now.
/// </summary>
internal sealed class CertificateReader(CertificateVault vault, TimeProvider time)
{
    public const int LongestText = 64 << 10;
    public const int MostInChain = 10;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string AnyPurpose = "2.5.29.37.0";

    // SHA-1 and MD5: the TLS libraries of this decade refuse to serve or to believe them.
    private static readonly string[] WeakSignatures = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];

    /// <param name="body">The fields <c>certificate</c> and <c>privateKey</c>. No refusal repeats anything of the second.</param>
    /// <param name="hostname">Canonical, without a port.</param>
    public Result<CheckedCertificate> Read(JsonFields body, string hostname)
    {
        if (
            !body.Text("certificate").Ok(out var certificateText, out var refusal)
            || !body.Text("privateKey").Ok(out var keyText, out refusal)
        )
            return refusal;
        if (string.IsNullOrWhiteSpace(certificateText))
            return Refusal.Malformed("Certificate is required: PEM, the server's own first, then the chain.");
        if (string.IsNullOrWhiteSpace(keyText))
            return Refusal.Malformed("PrivateKey is required: PEM, without a passphrase.");
        if (certificateText.Length > LongestText || keyText.Length > LongestText)
            return Refusal.Malformed($"Certificate and privateKey must be at most {LongestText} characters each.");

        var chain = new X509Certificate2Collection();
        try
        {
            if (!Parse(certificateText, chain).Ok(out _, out refusal) || !CheckChain(chain, hostname).Ok(out _, out refusal))
                return refusal;
            if (!CertificateKeys.Read(keyText, chain[0]).Ok(out var privateKey, out refusal))
                return refusal;
            try
            {
                return Sealed(chain, privateKey);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(privateKey);
            }
        }
        finally
        {
            foreach (var certificate in chain)
                certificate.Dispose();
        }
    }

    private static Result<bool> Parse(string text, X509Certificate2Collection chain)
    {
        try
        {
            chain.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            return Refusal.Malformed("Certificate holds a PEM block that is no X.509 certificate.");
        }
        if (chain.Count == 0)
            return Refusal.Malformed("Certificate holds no PEM block that begins with -----BEGIN CERTIFICATE-----.");
        return chain.Count <= MostInChain
            ? true
            : Refusal.Malformed($"Certificate holds {chain.Count} certificates; at most {MostInChain} are taken.");
    }

    private Result<bool> CheckChain(X509Certificate2Collection chain, string hostname)
    {
        var now = time.GetUtcNow();
        for (var n = 0; n < chain.Count; n++)
        {
            var which = n == 0 ? "The certificate" : $"Certificate {n + 1} of the chain";
            if (now < BeginOf(chain[n]))
                return Refusal.Malformed($"{which} is not valid yet: it begins at {Written(BeginOf(chain[n]))}, now it is {Written(now)}.");
            if (now > EndOf(chain[n]))
                return Refusal.Malformed($"{which} has expired: it ended at {Written(EndOf(chain[n]))}, now it is {Written(now)}.");
            if (WeakSignatures.Contains(chain[n].SignatureAlgorithm.Value, StringComparer.Ordinal) && !IsSelfSigned(chain[n]))
                return Refusal.Malformed($"{which} is signed with SHA-1 or MD5, which no browser accepts any more.");
            if (n > 0 && !chain[n - 1].IssuerName.RawData.AsSpan().SequenceEqual(chain[n].SubjectName.RawData))
                return Refusal.Malformed(
                    $"Certificate {n + 1} of the chain did not issue the one before it: send the server's own first, each followed by the one that issued it."
                );
        }
        return CheckServer(chain[0], hostname);
    }

    private static Result<bool> CheckServer(X509Certificate2 server, string hostname)
    {
        if (!server.MatchesHostname(hostname, allowWildcards: true, allowCommonName: false))
        {
            var names = CertificateKeys.NamesOf(server);
            var covered =
                names.Length == 0 ? "it has no subject alternative name, and the common name does not count" : $"it is for {Listed(names)}";
            return Refusal.Malformed($"The certificate does not cover '{hostname}': {covered}.");
        }
        var purposes = server.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        if (
            purposes is not null
            && !purposes.EnhancedKeyUsages.OfType<Oid>().Any(purpose => purpose.Value is ServerAuthentication or AnyPurpose)
        )
            return Refusal.Malformed("The certificate is not for servers: its extended key usage lacks serverAuth.");
        return true;
    }

    private CheckedCertificate Sealed(X509Certificate2Collection chain, byte[] privateKey)
    {
        ImmutableArray<ReadOnlyMemory<byte>> encoded = [.. chain.Select(certificate => (ReadOnlyMemory<byte>)certificate.RawData)];
        var id = PropertyCertificate.IdOf(encoded);
        var server = chain[0];
        return new CheckedCertificate(
            new PropertyCertificate(id, encoded, vault.Close(id, privateKey)),
            server.Subject,
            CertificateKeys.NamesOf(server),
            server.Issuer,
            BeginOf(server),
            EndOf(server),
            server.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant()
        );
    }

    private static DateTimeOffset BeginOf(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime());

    private static DateTimeOffset EndOf(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    private static bool IsSelfSigned(X509Certificate2 certificate) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(certificate.SubjectName.RawData);

    private static string Listed(ImmutableArray<string> names) =>
        string.Join(", ", names.Take(5))
        + (names.Length > 5 ? string.Create(CultureInfo.InvariantCulture, $" and {names.Length - 5} more") : "");

    private static string Written(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
