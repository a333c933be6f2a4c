using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Paradarum.Testing;

/// <summary>A visitor over TLS, who believes one authority, connects to loopback and names the host itself.</summary>
public sealed class TlsVisitor(int port, X509Certificate2 root, Version? version = null) : IDisposable
{
    /// <summary>What it sends with.</summary>
    public HttpMessageInvoker Invoker => _client;

    private readonly HttpClient _client = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy(root) },
        }
    );

    public async Task<Visit> GetAsync(string host, string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}{target}")
        {
            Version = version ?? HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(request);
        return await Visit.ReadAsync(response);
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Verifies by this root alone.</summary>
    public static X509ChainPolicy Policy(X509Certificate2 root)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(root);
        return policy;
    }
}

/// <summary>One connection over TLS that speaks HTTP/1.1, byte by byte.</summary>
public sealed class TlsConnectionOfTest : IDisposable
{
    private readonly SslStream _stream;

    private TlsConnectionOfTest(SslStream stream) => _stream = stream;

    public SslProtocols Protocol => _stream.SslProtocol;

    /// <summary>Of the certificate that it was shown.</summary>
    public string Fingerprint =>
        _stream.RemoteCertificate!.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant();

    /// <exception cref="AuthenticationException">The handshake was refused, or the certificate is not believed.</exception>
    /// <exception cref="IOException">The server hung up in the middle of it.</exception>
    public static async Task<TlsConnectionOfTest> OpenAsync(
        int port,
        string serverName,
        X509Certificate2 root,
        SslProtocols protocols = SslProtocols.None
    )
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = new SslStream(client.GetStream());
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = serverName,
                    EnabledSslProtocols = protocols,
                    CertificateChainPolicy = TlsVisitor.Policy(root),
                }
            );
            return new TlsConnectionOfTest(stream);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The status and the body of a GET; the connection stays open.</summary>
    public async Task<(int Status, string Body)> GetAsync(string host, string target)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await _stream.ReadExactlyAsync(one);
            head.Append((char)one[0]);
        }
        var lines = head.ToString().Split("\r\n");
        var length = lines.First(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))[15..];
        var body = new byte[int.Parse(length, System.Globalization.CultureInfo.InvariantCulture)];
        await _stream.ReadExactlyAsync(body);
        return (int.Parse(lines[0].AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), Encoding.UTF8.GetString(body));
    }

    public void Dispose() => _stream.Dispose();
}
