using Paradarum.Protocol.Tls;

namespace Paradarum.Testing;

/// <summary>A server's own certificate in two PEM files, as an operator puts it there.</summary>
public static class OwnFiles
{
    public static CertificateFiles Write(TemporaryFolder folder, IssuedCertificate issued, TimeProvider? time = null, string name = "own")
    {
        var (certificate, key) = Paths(folder, name);
        File.WriteAllText(certificate, issued.Certificate);
        File.WriteAllText(key, issued.PrivateKey);
        return CertificateFiles.Open(certificate, key, time ?? TimeProvider.System).Ok(out var files, out var refusal)
            ? files
            : throw new InvalidOperationException(refusal.Message);
    }

    public static (string Certificate, string Key) Paths(TemporaryFolder folder, string name = "own") =>
        (folder[$"{name}.pem"], folder[$"{name}.key"]);
}
