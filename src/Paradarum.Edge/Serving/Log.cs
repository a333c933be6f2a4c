using Microsoft.Extensions.Logging;

namespace Paradarum.Edge.Serving;

/// <summary>Messages of serving, ids 5300 to 5399.</summary>
internal static partial class Log
{
    [LoggerMessage(
        5300,
        LogLevel.Error,
        "The private key of certificate {Id} can't be opened with what the control plane told this node: its hostnames are not served over HTTPS. Send the certificate again"
    )]
    public static partial void CertificateUnusable(this ILogger log, string id);

    [LoggerMessage(5301, LogLevel.Debug, "A handshake was refused: no certificate for server name '{Name}' ({Why})")]
    public static partial void HandshakeRefused(this ILogger log, string name, Tls.HandshakeFailure why);

    [LoggerMessage(5302, LogLevel.Error, "The node's own certificate was changed and can't be used, the former one serves on: {Problem}")]
    public static partial void OwnCertificateUnusable(this ILogger log, string problem);

    [LoggerMessage(5303, LogLevel.Warning, "Shield {Shield} can't be spoken with over TLS: {Problem}")]
    public static partial void ShieldNotTrusted(this ILogger log, string shield, string problem);

    [LoggerMessage(
        5304,
        LogLevel.Warning,
        "Origin {Host} was not connected to: it leads to {Address}, which is not public. --origins-allow {Word} on this node allows that"
    )]
    public static partial void OriginNotAllowed(this ILogger log, string host, System.Net.IPAddress address, string word);
}
