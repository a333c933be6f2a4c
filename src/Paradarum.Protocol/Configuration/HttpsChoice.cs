using Paradarum.Protocol.Link;

namespace Paradarum.Protocol.Configuration;

/// <summary>How a property wants its visitors to come.</summary>
/// <param name="Redirect">From http to https, for hostnames that have a certificate.</param>
/// <param name="HstsSeconds">How long browsers are told to come over HTTPS alone (RFC 6797); 0: they are not told.</param>
public sealed record HttpsChoice(bool Redirect, long HstsSeconds)
{
    public static readonly HttpsChoice None = new(Redirect: false, HstsSeconds: 0);

    /// <summary>The value of Strict-Transport-Security; null: none is sent.</summary>
    public string? Hsts { get; } =
        HstsSeconds > 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"max-age={HstsSeconds}") : null;

    public static HttpsChoice FromMessage(HttpsMessage? message) => message is null ? None : new(message.Redirect, message.HstsSeconds);

    public HttpsMessage? ToMessage() => this == None ? null : new HttpsMessage { Redirect = Redirect, HstsSeconds = HstsSeconds };
}
