using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>A certificate ready to be served with: made once, used for every handshake.</summary>
internal sealed class ServedCertificate(X509Certificate2 own, SslServerAuthenticationOptions options)
{
    public SslServerAuthenticationOptions Options => options;

    /// <summary>Whether it is one for this host (RFC 9525 section 6). Reads the certificate: not for every request.</summary>
    public bool Covers(string host) => own.MatchesHostname(host, allowWildcards: true, allowCommonName: false);

    /// <summary>Null: its key can't be opened with what this node was told, or it is no certificate.</summary>
    public static ServedCertificate? Make(PropertyCertificate certificate, ReadOnlySpan<byte> certificateKey)
    {
        if (CertificateSeal.Open(certificateKey, certificate.Id, certificate.SealedKey.Span) is not { } key)
            return null;
        try
        {
            using var bare = X509CertificateLoader.LoadCertificate(certificate.Chain[0].Span);
            X509Certificate2Collection chain =
            [
                .. certificate.Chain.Skip(1).Select(der => X509CertificateLoader.LoadCertificate(der.Span)),
            ];
            var own = WithKey(bare, key);
            return new ServedCertificate(own, ServerTls.Options(own, chain));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, byte[] key)
    {
        if (certificate.GetRSAPublicKey() is { } publicKey)
        {
            publicKey.Dispose();
            using var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(key, out _);
            return certificate.CopyWithPrivateKey(rsa);
        }
        using var curve = ECDsa.Create();
        curve.ImportPkcs8PrivateKey(key, out _);
        return certificate.CopyWithPrivateKey(curve);
    }
}
