using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Paradarum.Protocol.Tls;

namespace Paradarum.Testing;

/// <summary>An origin with TLS that says no length and ends every body by ending the connection.</summary>
public sealed class ClosingOrigin : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CertificateFiles _certificate;
    private readonly Task _serving;
    private int _requests;

    public ClosingOrigin(CertificateFiles certificate)
    {
        _certificate = certificate;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync();
    }

    public int Port { get; }

    public int Requests => Volatile.Read(ref _requests);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificateContext = _certificate.Current.Options.ServerCertificateContext }
            );
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) > 0)
                head.Append((char)one[0]);
            Interlocked.Increment(ref _requests);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nConnection: close\r\n\r\nhalf of it"u8.ToArray());
            await stream.ShutdownAsync();
        }
    }
}
