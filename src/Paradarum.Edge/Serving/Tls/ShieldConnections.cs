using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>Whose certificates a node believes of its upstreams: the system's authorities, and those that the operator added.</summary>
internal sealed record UpstreamTrust(TrustedRoots? Added)
{
    public static readonly UpstreamTrust System = new(Added: null);

    /// <summary>Null: as the framework does, by the system's authorities.</summary>
    public X509ChainPolicy? Policy() => Added?.WithSystem();
}

/// <summary>
/// Connections of a PoP to shields with TLS. The framework's own would verify the shield by the Host that is asked for, which is a visitor's, and keep connections apart by it: here one pool serves all
/// hosts of a shield, verified by the shield's own name.
/// </summary>
internal sealed class ShieldConnections(UpstreamTrust trust, ILogger log)
{
    private readonly X509ChainPolicy? _policy = trust.Policy();

    /// <summary>The address as the connection pool sees it: what goes through the connection is enciphered below it.</summary>
    public static string Inside(Upstream shield) =>
        $"http://{shield.Shield!.Url.Authority}{(shield.Shield.Url.IsDefaultPort ? ":443" : "")}";

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            var secured = new SslStream(new NetworkStream(socket, ownsSocket: true));
            try
            {
                await secured.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = context.DnsEndPoint.Host,
                        CertificateChainPolicy = _policy,
                        ApplicationProtocols = [SslApplicationProtocol.Http11],
                    },
                    stop
                );
                return secured;
            }
            catch
            {
                await secured.DisposeAsync();
                throw;
            }
        }
        catch (AuthenticationException e)
        {
            // PoPs would go past the shield in silence else.
            log.ShieldNotTrusted($"{context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}", e.Message);
            throw;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
