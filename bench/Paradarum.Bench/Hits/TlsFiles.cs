using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>The one certificate that all caches serve with, ECDSA on P-256, of an authority of this run.</summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TlsFiles()
    {
        Issued = Authority.Issue(CacheServer.Site);
        File.WriteAllText(CertificateFile, Issued.Certificate);
        File.WriteAllText(KeyFile, Issued.PrivateKey);
        File.WriteAllText(BothFile, Issued.PrivateKey + "\n" + Issued.Certificate);
    }

    public TestAuthority Authority { get; } = new();

    public IssuedCertificate Issued { get; }

    public string CertificateFile => _folder["chain.pem"];

    public string KeyFile => _folder["key.pem"];

    /// <summary>Key and chain in one file, as hitch wants them.</summary>
    public string BothFile => _folder["both.pem"];

    public void Dispose()
    {
        Authority.Dispose();
        _folder.Dispose();
    }
}
