namespace Paradarum.Protocol.Link;

/// <summary>What a node says of its handshakes, as metrics name it.</summary>
public sealed partial class HandshakeFigures
{
    public IEnumerable<(string Reason, long Count)> ByReason() =>
        [
            ("no_hello", NoHello),
            ("unknown_name", UnknownName),
            ("no_certificate", NoCertificate),
            ("unusable_key", UnusableKey),
            ("client", Client),
        ];
}
