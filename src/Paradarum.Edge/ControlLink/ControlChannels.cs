using System.Collections.Immutable;
using Grpc.Net.Client;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.ControlLink;

/// <summary>The control planes of an installation, of which one works and the others stand by: one is spoken with until its stream ends, then the next one is tried.</summary>
internal sealed class ControlChannels : IDisposable
{
    private readonly ImmutableArray<GrpcChannel> _channels;
    private readonly ImmutableArray<FleetLink.FleetLinkClient> _clients;
    private int _current;

    public ControlChannels(ImmutableArray<Uri> controls, TrustedRoots? roots)
    {
        _channels = [.. controls.Select(control => ControlChannel.Open(control, roots))];
        _clients = [.. _channels.Select(channel => new FleetLink.FleetLinkClient(channel))];
    }

    public FleetLink.FleetLinkClient Current => _clients[_current];

    public void Next() => _current = (_current + 1) % _clients.Length;

    public int Count => _clients.Length;

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Dispose();
    }
}
