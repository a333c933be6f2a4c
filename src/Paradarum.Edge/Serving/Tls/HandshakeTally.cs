using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>Why a handshake came to nothing.</summary>
internal enum HandshakeFailure
{
    /// <summary>The connection ended, or what came was no TLS, before anything was asked for: scans, and health checks that only connect.</summary>
    NoHello,

    /// <summary>No name was sent, or one that is no Active hostname here.</summary>
    UnknownName,

    /// <summary>An Active hostname that has no certificate.</summary>
    NoCertificate,

    /// <summary>The hostname's private key can't be opened with what the control plane told this node.</summary>
    UnusableKey,

    /// <summary>A certificate was chosen, and the client went: it did not believe it, had no version or cipher in common, or was too slow.</summary>
    Client,
}

/// <summary>Handshakes that came to nothing, by reason, since the start of the process.</summary>
internal sealed class HandshakeTally
{
    private readonly long[] _counts = new long[Enum.GetValues<HandshakeFailure>().Length];

    public void Count(HandshakeFailure why) => Interlocked.Increment(ref _counts[(int)why]);

    public long Of(HandshakeFailure why) => Interlocked.Read(ref _counts[(int)why]);

    public HandshakeFigures ToMessage() =>
        new()
        {
            NoHello = Of(HandshakeFailure.NoHello),
            UnknownName = Of(HandshakeFailure.UnknownName),
            NoCertificate = Of(HandshakeFailure.NoCertificate),
            UnusableKey = Of(HandshakeFailure.UnusableKey),
            Client = Of(HandshakeFailure.Client),
        };
}

/// <summary>How far the handshake of one connection came.</summary>
internal sealed class Handshake
{
    /// <summary>Why it has come to nothing, if it goes no further.</summary>
    public HandshakeFailure? Failed { get; set; } = HandshakeFailure.NoHello;
}
