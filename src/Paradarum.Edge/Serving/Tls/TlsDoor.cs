using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>
/// Chooses what a handshake is answered with: the certificate of the hostname that the client names (SNI), else the node's own, else nothing. A name without a certificate gets no other one's: its
/// handshake is refused.
/// </summary>
internal sealed class TlsDoor
{
    private readonly CertificateShelf _shelf;
    private readonly CertificateFiles? _own;
    private readonly ILogger _log;

    public TlsDoor(CertificateShelf shelf, NodeCertificate own, NodeState state, ILogger<TlsDoor> log)
    {
        (_shelf, _own, _log) = (shelf, own.Files, log);
        _own?.Problem = log.OwnCertificateUnusable;
        state.MoreFigures += figures => figures.Handshakes = Failures.ToMessage();
    }

    public HandshakeTally Failures { get; } = new();

    /// <summary>Puts the door before a port.</summary>
    public void Guard(ListenOptions listen)
    {
        // The server says nothing of a handshake that came to nothing but a line for debugging: so it is watched from both of its sides.
        listen.Use(next => connection => WatchAsync(connection, next));
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = ChooseAsync, HandshakeTimeout = ServerTls.HandshakeWithin });
        listen.Use(next =>
            connection =>
            {
                connection.Features.Get<Handshake>()?.Failed = null;
                return LargeRecords.AroundAsync(connection, next);
            }
        );
    }

    private async Task WatchAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var handshake = new Handshake();
        connection.Features.Set(handshake);
        try
        {
            await next(connection);
        }
        finally
        {
            if (handshake.Failed is { } why)
                Failures.Count(why);
        }
    }

    private async ValueTask<SslServerAuthenticationOptions> ChooseAsync(TlsHandshakeCallbackContext context)
    {
        // The signature that follows takes up to a millisecond: not on the thread that answers others from the store.
        await Task.Yield();
        var name = context.ClientHelloInfo.ServerName;
        var served = _shelf.Find(name, out var why);
        if (served is null && _own?.Current is { } own)
            served = new ServedCertificate(own.Certificate, own.Options);
        if (served is null)
        {
            context.Connection.Features.Get<Handshake>()?.Failed = why;
            _log.HandshakeRefused(name, why);
            throw new AuthenticationException("No certificate for this server name.");
        }
        context.Connection.Features.Get<Handshake>()?.Failed = HandshakeFailure.Client;
        context.Connection.Features.Set(new TlsConnection(served, name));
        return served.Options;
    }
}

/// <summary>The certificate that an operator gave the node itself: for a shield the one that PoPs verify, for a PoP what a name without a certificate gets.</summary>
internal sealed record NodeCertificate(CertificateFiles? Files)
{
    public static readonly NodeCertificate None = new(Files: null);
}

/// <summary>What a connection was opened for. A client may send requests for other hosts on it (RFC 9113 section 9.1.1), as long as the certificate is theirs too.</summary>
internal sealed class TlsConnection(ServedCertificate served, string serverName)
{
    // Canonical; a reference is written in one go.
    private volatile string? _other;

    /// <summary>Whether a request for this host may be answered on this connection; else it is misdirected (RFC 9110 section 15.5.20).</summary>
    public bool IsFor(string host)
    {
        if (string.Equals(host, serverName, StringComparison.Ordinal) || string.Equals(host, _other, StringComparison.Ordinal))
            return true;
        if (!served.Covers(host))
            return false;
        _other = host;
        return true;
    }
}
