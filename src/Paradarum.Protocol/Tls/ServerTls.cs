using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Paradarum.Protocol.Tls;

/// <summary>
/// How every port of ours speaks TLS (RFC 9325): 1.3 and 1.2, with forward secrecy and authenticated ciphers alone, no renegotiation, HTTP/2 before HTTP/1.1 by ALPN. Made once for each certificate: what
/// the TLS library derives from it, tickets of sessions included, is then made once too.
/// </summary>
public static class ServerTls
{
    /// <summary>A visitor has so long for its part of a handshake.</summary>
    public static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(10);

    // RFC 9325 section 4.2, and those of 1.3. On Windows and macOS the system chooses.
    private static readonly CipherSuitesPolicy? Ciphers = OperatingSystem.IsLinux()
        ? new CipherSuitesPolicy([
            TlsCipherSuite.TLS_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
            TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ])
        : null;

    /// <param name="own">The server's certificate with its private key.</param>
    /// <param name="chain">Those between it and its authority.</param>
    /// <param name="protocols">What ALPN offers, best first; null: HTTP/2, then HTTP/1.1.</param>
    public static SslServerAuthenticationOptions Options(
        X509Certificate2 own,
        X509Certificate2Collection chain,
        IReadOnlyList<SslApplicationProtocol>? protocols = null
    ) =>
        new()
        {
            // Offline: no handshake ever waits for an authority's server.
            ServerCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true),
            ApplicationProtocols = [.. protocols ?? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CipherSuitesPolicy = Ciphers,
            AllowRenegotiation = false,
            ClientCertificateRequired = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
}
