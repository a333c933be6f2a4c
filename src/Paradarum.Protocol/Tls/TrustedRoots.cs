using System.Security.Cryptography.X509Certificates;

namespace Paradarum.Protocol.Tls;

/// <summary>Authorities that a client believes: those of a file, instead of the system's or besides them.</summary>
public sealed class TrustedRoots
{
    private readonly X509Certificate2Collection _roots;

    private TrustedRoots(X509Certificate2Collection roots) => _roots = roots;

    /// <summary>The certificates of a PEM file.</summary>
    /// <returns>A refusal that names the file and what is wrong with it.</returns>
    public static Result<TrustedRoots> Read(string file) =>
        PemCertificates.Read(file).Ok(out var roots, out var refusal) ? new TrustedRoots(roots) : refusal;

    public static TrustedRoots Of(X509Certificate2 root) => new([root]);

    /// <summary>These alone.</summary>
    public X509ChainPolicy Alone() => Policy(_roots);

    /// <summary>These and the system's, as they are now.</summary>
    public X509ChainPolicy WithSystem()
    {
        var all = new X509Certificate2Collection(_roots);
        foreach (var location in new[] { StoreLocation.LocalMachine, StoreLocation.CurrentUser })
        {
            using var store = new X509Store(StoreName.Root, location);
            store.Open(OpenFlags.ReadOnly);
            all.AddRange(store.Certificates);
        }
        return Policy(all);
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // As the framework's default for clients: authorities hardly answer, and private ones not at all.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }
}
