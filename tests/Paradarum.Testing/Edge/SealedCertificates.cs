using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Testing.Edge;

/// <summary>Certificates as the control plane would put them into a configuration record, and the key that nodes are told.</summary>
internal static class SealedCertificates
{
    public static readonly byte[] Key = RandomNumberGenerator.GetBytes(CertificateSeal.KeyLength);

    public static readonly FleetKnowledge Told = FleetKnowledge.None with { CertificateKey = Key };

    /// <summary>The property with a hostname that has this certificate; one that is there already gets it.</summary>
    public static PropertyConfiguration WithCertificate(
        this PropertyConfiguration site,
        string host,
        IssuedCertificate issued,
        byte[]? key = null
    )
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(issued.Certificate);
        ReadOnlyMemory<byte>[] encoded = [.. chain.Select(certificate => (ReadOnlyMemory<byte>)certificate.RawData)];
        var id = PropertyCertificate.IdOf(encoded);
        var secret = PemEncoding.TryFind(issued.PrivateKey, out var fields)
            ? Convert.FromBase64String(issued.PrivateKey[fields.Base64Data])
            : [];
        var certificate = new PropertyCertificate(id, [.. encoded], CertificateSeal.Close(key ?? Key, id, secret));
        var others = site.Hostnames.Where(hostname => hostname.Name != host);
        return site with
        {
            Hostnames = [.. others, new PropertyHostname(host, Active: true) { CertificateId = id }],
            Certificates = [.. site.Certificates.Where(known => known.Id != id), certificate],
        };
    }
}
