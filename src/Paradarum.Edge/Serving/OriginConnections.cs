using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Paradarum.Protocol.Addresses;

namespace Paradarum.Edge.Serving;

/// <summary>Where origins' names are looked up.</summary>
internal sealed record NameService(Func<string, CancellationToken, Task<IPAddress[]>> Resolve)
{
    public static readonly NameService System = new(Dns.GetHostAddressesAsync);
}

/// <summary>
/// Connections to origins. What an account names must not become a way into the operator's own network, so the very addresses that are connected to are judged, each time: what a
/// name says the next moment does not matter. Costs a connection a look-up that it needs anyway, and a request on a connection nothing.
/// </summary>
internal sealed class OriginConnections(AllowedAddresses allowed, NameService names, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan SaysAgainAfter = TimeSpan.FromMinutes(1);

    // As many as there are origins that are refused; when each was last said. Every request to such an origin comes here.
    private readonly ConcurrentDictionary<string, long> _said = new(StringComparer.Ordinal);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await names.Resolve(host, stop);
        var open = Array.FindAll(found, address => allowed.Lets(AddressRanges.RangeOf(address)));
        if (open.Length == 0)
        {
            if (found.Length > 0)
                Say(host, found[0]);
            throw new IOException("The origin leads to no address that is allowed.");
        }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Say(string host, IPAddress address)
    {
        var now = time.GetTimestamp();
        if (_said.TryGetValue(host, out var last) && time.GetElapsedTime(last, now) < SaysAgainAfter)
            return;
        _said[host] = now;
        log.OriginNotAllowed(host, address, AddressRanges.RangeOf(address).Word());
    }
}
