using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Paradarum.Protocol;

namespace Paradarum.Control.Catalogue.Certificates;

/// <summary>The private key of a certificate: RSA of 2 048 to 4 096 bits, or ECDSA on one of the curves that every browser speaks.</summary>
/// <remarks>A longer RSA key would let one property make every handshake of a node slow (G7).</remarks>
internal static class CertificateKeys
{
    public const int ShortestRsa = 2048;
    public const int LongestRsa = 4096;

    private static readonly string[] Curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    private static readonly Refusal Unknown = Refusal.Malformed(
        $"The certificate's key must be RSA of {ShortestRsa} to {LongestRsa} bits, or ECDSA on P-256, P-384 or P-521."
    );

    private static readonly Refusal Unreadable = Refusal.Malformed(
        "PrivateKey is no PEM private key that this server reads: send RSA or ECDSA, as PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY."
    );

    /// <summary>The key as PKCS #8, when it is the certificate's. Nothing of it is in a refusal.</summary>
    public static Result<byte[]> Read(string text, X509Certificate2 certificate)
    {
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal))
            return Refusal.Malformed("PrivateKey is enciphered with a passphrase: send it without one.");
        using var rsaOfCertificate = certificate.GetRSAPublicKey();
        using var curveOfCertificate = certificate.GetECDsaPublicKey();
        if (rsaOfCertificate is null or { KeySize: < ShortestRsa or > LongestRsa } && !IsOnKnownCurve(curveOfCertificate))
            return Unknown;

        using var rsa = RSA.Create();
        using var curve = ECDsa.Create();
        AsymmetricAlgorithm? key =
            IsRead(() => rsa.ImportFromPem(text)) ? rsa
            : IsRead(() => curve.ImportFromPem(text)) ? curve
            : null;
        if (key is null)
            return Unreadable;
        var publicKey = key.ExportSubjectPublicKeyInfo();
        if (!publicKey.AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
            return Refusal.Malformed(
                "PrivateKey does not belong to the certificate: it is the key of another one. The server's own certificate must come first."
            );
        return key.ExportPkcs8PrivateKey();
    }

    /// <summary>Subject alternative names: DNS names, then addresses.</summary>
    public static ImmutableArray<string> NamesOf(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
            ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())]
            : [];

    private static bool IsOnKnownCurve(ECDsa? key) =>
        key is not null && Curves.Contains(key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value, StringComparer.Ordinal);

    private static bool IsRead(Action import)
    {
        try
        {
            import();
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
