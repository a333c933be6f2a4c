using System.Net.Http;
using System.Net.Security;
using Grpc.Net.Client;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.ControlLink;

/// <summary>How a node speaks with the control plane: gRPC over HTTP/2, without TLS or, with an <c>https</c> address, verified.</summary>
internal static class ControlChannel
{
    /// <param name="control">The fleet port.</param>
    /// <param name="roots">Who must have issued its certificate; null: anybody the system believes.</param>
    public static GrpcChannel Open(Uri control, TrustedRoots? roots) =>
        GrpcChannel.ForAddress(
            control,
            new GrpcChannelOptions
            {
                MaxReceiveMessageSize = LinkVersion.LargestMessage,
                MaxSendMessageSize = LinkVersion.LargestMessage,
                DisposeHttpClient = true,
                HttpHandler = new SocketsHttpHandler
                {
                    // A peer that vanished without a word is noticed within a lease or two.
                    KeepAlivePingDelay = TimeSpan.FromSeconds(2),
                    KeepAlivePingTimeout = TimeSpan.FromSeconds(3),
                    KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
                    ConnectTimeout = TimeSpan.FromSeconds(3),
                    UseProxy = false,
                    SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = roots?.Alone() },
                },
            }
        );
}
