using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Paradarum.Testing;

/// <summary>A certificate as an authority hands it out: PEM, the chain without its root, and the key.</summary>
public sealed record IssuedCertificate(string Certificate, string PrivateKey)
{
    /// <summary>SHA-256 of the server's own certificate, hexadecimal.</summary>
    public string Fingerprint
    {
        get
        {
            using var own = X509Certificate2.CreateFromPem(Certificate);
            return own.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
        }
    }

    public object Body => new { certificate = Certificate, privateKey = PrivateKey };
}

/// <summary>What a test wants of a certificate; without anything, ECDSA and valid for a month.</summary>
public sealed record Wanted(params string[] Names)
{
    public Func<AsymmetricAlgorithm> Key { get; init; } = () => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TimeSpan BeginsIn { get; init; } = TimeSpan.FromHours(-1);

    public TimeSpan EndsIn { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Extended key usage; null: none.</summary>
    public string? Purpose { get; init; } = "1.3.6.1.5.5.7.3.1";

    public string CommonName { get; init; } = "a server";

    /// <summary>Issued by an authority below the root, whose certificate then is in the chain.</summary>
    public bool BelowRoot { get; init; } = true;
}

/// <summary>A certificate authority of one test: a root that nobody else trusts, and one below it.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _belowKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _below;

    public TestAuthority()
    {
        var now = TimeProvider.System.GetUtcNow();
        _root = Authority("a root of a test", _rootKey).CreateSelfSigned(now.AddDays(-400), now.AddDays(400));
        using var below = Authority("an authority of a test", _belowKey).Create(_root, now.AddDays(-300), now.AddDays(300), Serial());
        _below = below.CopyWithPrivateKey(_belowKey);
    }

    /// <summary>What clients trust, PEM.</summary>
    public string Root => _root.ExportCertificatePem();

    public X509Certificate2 RootCertificate => _root;

    public IssuedCertificate Issue(params string[] names) => Issue(new Wanted(names));

    public IssuedCertificate Issue(Wanted wanted)
    {
        using var key = wanted.Key();
        var subject = new X500DistinguishedName($"CN={wanted.CommonName}");
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        if (wanted.Names.Length > 0)
            request.CertificateExtensions.Add(NamesOf(wanted.Names));
        if (wanted.Purpose is { } purpose)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        var issuer = wanted.BelowRoot ? _below : _root;
        var generator = X509SignatureGenerator.CreateForECDsa(wanted.BelowRoot ? _belowKey : _rootKey);
        using var own = request.Create(issuer.SubjectName, generator, now + wanted.BeginsIn, now + wanted.EndsIn, Serial());
        var chain = wanted.BelowRoot
            ? $"{own.ExportCertificatePem()}\n{_below.ExportCertificatePem()}\n"
            : $"{own.ExportCertificatePem()}\n";
        return new IssuedCertificate(chain, key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _root.Dispose();
        _below.Dispose();
        _rootKey.Dispose();
        _belowKey.Dispose();
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request;
    }

    private static X509Extension NamesOf(string[] names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (System.Net.IPAddress.TryParse(name, out var address))
                builder.AddIpAddress(address);
            else
                builder.AddDnsName(name);
        }
        return builder.Build();
    }

    private static byte[] Serial() => RandomNumberGenerator.GetBytes(8);
}
