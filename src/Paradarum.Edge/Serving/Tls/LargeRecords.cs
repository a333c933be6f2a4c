using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Paradarum.Edge.Serving.Tls;

/// <summary>
/// What is sent goes to TLS in pieces as large as a record may be (RFC 8446 section 5.1): the server's own are of 4 KB, each a record, a call into the TLS library and a
/// write of its own.
/// </summary>
internal sealed class LargeRecords : IDuplexPipe
{
    private const int LargestRecord = 16 << 10;

    private static readonly StreamPipeWriterOptions Options = new(minimumBufferSize: LargestRecord, leaveOpen: true);

    private LargeRecords(IDuplexPipe inner, Stream secured) => (Input, Output) = (inner.Input, PipeWriter.Create(secured, Options));

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>For a connection whose handshake is over.</summary>
    public static async Task AroundAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var inner = connection.Transport;
        if (connection.Features.Get<ISslStreamFeature>()?.SslStream is not { } secured)
        {
            await next(connection);
            return;
        }
        // Who serves the connection completes both of its ends; the stream is the server's to close.
        connection.Transport = new LargeRecords(inner, secured);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = inner;
        }
    }
}
