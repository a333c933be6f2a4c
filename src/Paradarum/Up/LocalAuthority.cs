using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Paradarum.Up;

/// <summary>A certificate with its key, PEM.</summary>
internal sealed record LocalCertificate(string Certificate, string Key, DateTimeOffset EndsAt)
{
    /// <summary>SHA-256 of the certificate, hexadecimal, as the API says it.</summary>
    public string Fingerprint
    {
        get
        {
            using var own = X509Certificate2.CreateFromPem(Certificate);
            return own.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
        }
    }
}

/// <summary>
/// The certificate authority of <c>up --https</c>: made once in the data folder, to be trusted on this machine alone. It can issue for names under <c>localhost</c> and no others (RFC 5280 section 4.2.1.10): whoever
/// gets hold of its key can't pose as any real site.
/// </summary>
internal sealed class LocalAuthority
{
    private const string Domain = "localhost";
    private static readonly TimeSpan AuthorityLasts = TimeSpan.FromDays(3650);
    private static readonly TimeSpan CertificateLasts = TimeSpan.FromDays(90);

    /// <summary>A certificate with less than this left is issued anew.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly string _folder;

    private LocalAuthority(string folder) => _folder = folder;

    /// <summary>What is to be trusted.</summary>
    public string AuthorityFile => Path.Combine(_folder, "ca.pem");

    private string AuthorityKeyFile => Path.Combine(_folder, "ca.key");

    private string CertificateFile => Path.Combine(_folder, "server.pem");

    private string KeyFile => Path.Combine(_folder, "server.key");

    /// <summary>Takes the authority in the folder up, or makes one: also when it ends before a certificate of it would.</summary>
    public static LocalAuthority Open(string folder, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var authority = new LocalAuthority(folder);
        if (Read(authority.AuthorityFile, authority.AuthorityKeyFile) is not { } kept || kept.EndsAt < now + CertificateLasts)
            authority.Make(now);
        return authority;
    }

    /// <summary>The certificate for these names, the kept one while it lasts.</summary>
    public LocalCertificate For(IReadOnlyList<string> names, DateTimeOffset now)
    {
        if (Read(CertificateFile, KeyFile) is { } kept && kept.EndsAt > now + RenewBefore && IsOurs(kept, names))
            return kept;
        using var authority = X509Certificate2.CreateFromPemFile(AuthorityFile, AuthorityKeyFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            alternatives.AddDnsName(name);
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        using var issued = request.Create(authority, Earlier(now), now + CertificateLasts, RandomNumberGenerator.GetBytes(16));
        // The key first: a certificate without its key would be taken for whole.
        PrivateFile.WriteText(KeyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        PrivateFile.WriteText(CertificateFile, issued.ExportCertificatePem() + "\n");
        return Read(CertificateFile, KeyFile)!;
    }

    private void Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Of this machine and day, so that several are told apart where they are trusted.
        var request = new CertificateRequest($"CN=Paradarum of {Environment.MachineName} {now:yyyy-MM-dd}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(OnlyFor(Domain));
        using var made = request.CreateSelfSigned(Earlier(now), now + AuthorityLasts);
        PrivateFile.WriteText(AuthorityKeyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        PrivateFile.WriteText(AuthorityFile, made.ExportCertificatePem() + "\n");
    }

    /// <summary>Name constraints: permitted subtrees with one DNS name.</summary>
    private static X509Extension OnlyFor(string domain)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        using (writer.PushSequence())
            writer.WriteCharacterString(UniversalTagNumber.IA5String, domain, new Asn1Tag(TagClass.ContextSpecific, 2));
        return new X509Extension("2.5.29.30", writer.Encode(), critical: true);
    }

    private bool IsOurs(LocalCertificate kept, IReadOnlyList<string> names)
    {
        using var own = X509Certificate2.CreateFromPem(kept.Certificate);
        using var authority = X509CertificateLoader.LoadCertificateFromFile(AuthorityFile);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        var known = own.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames());
        return names.ToHashSet(StringComparer.Ordinal).SetEquals(known) && chain.Build(own);
    }

    /// <summary>Null when one of the files is not there or they do not belong together: both are made anew then.</summary>
    private static LocalCertificate? Read(string certificate, string key)
    {
        try
        {
            using var own = X509Certificate2.CreateFromPemFile(certificate, key);
            return new LocalCertificate(File.ReadAllText(certificate), File.ReadAllText(key), new(own.NotAfter.ToUniversalTime()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Clocks of browsers on the same machine are the same, those in containers and phones nearly.</summary>
    private static DateTimeOffset Earlier(DateTimeOffset now) => now.AddHours(-1);
}
