using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.Fleet;
using Paradarum.Edge.ControlLink;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>A node as it runs in an edge process: folder, enrolment, control link and what it applies to; only visitors are missing.</summary>
internal sealed class LiveNode : IAsyncDisposable
{
    private readonly NodeFolder _folder;
    private readonly ControlLinkClient _client;
    private readonly BootClock _clock = new();

    private LiveNode(NodeFolder folder, NodeIdentity identity, Uri control, string url)
    {
        _folder = folder;
        Identity = identity;
        Lease = new LeaseHolder(_clock);
        _client = new ControlLinkClient(
            new ControlLinkOptions([control], url),
            identity,
            NodeInstance.Start(folder, _clock),
            State,
            Lease,
            Directory,
            new Traffic(),
            _clock,
            NullLogger<ControlLinkClient>.Instance
        );
    }

    public NodeIdentity Identity { get; }

    public NodeState State { get; } = new(new EntryIndex(), TimeProvider.System);

    public LeaseHolder Lease { get; }

    public FleetDirectory Directory { get; } = new();

    /// <summary>Ends when the node was deleted and has left.</summary>
    public Task Running => _client.ExecuteTask!;

    public static async Task<LiveNode> StartAsync(
        ControlHost host,
        string folder,
        NodeRole role,
        Uri? control = null,
        string url = "http://127.0.0.1:1"
    )
    {
        using var port = new FleetPort(host);
        var held = NodeFolder.Take(folder);
        if (Enrolment.Read(held.Path) is not { } identity)
        {
            var created = ControlHost.Opened(
                await port.Registry.CreateAsync(ControlHost.Somebody, Path.GetFileName(folder), role, CancellationToken.None)
            );
            identity = ControlHost.Opened(
                await Enrolment.ReadOrEnrolAsync(held, [host.Plane.Fleet], roots: null, created.EnrolmentToken, CancellationToken.None)
            );
        }
        var node = new LiveNode(held, identity, control ?? host.Plane.Fleet, url);
        await node._client.StartAsync(CancellationToken.None);
        return node;
    }

    public Task IsLeasedAsync() => Eventually.Async(() => Lease.State == LeaseState.Leased, $"{Identity.Name} is leased");

    public Task HasAppliedAsync(ulong position) =>
        Eventually.Async(() => State.Current.Position >= position, $"{Identity.Name} has applied {position}");

    /// <summary>As when the process was told to end, and its visitors are gone.</summary>
    public Task SayGoodbyeAsync() => _client.SayGoodbyeAsync();

    /// <summary>As when the process dies: nothing more is said, the folder's lock is free.</summary>
    public async ValueTask DisposeAsync()
    {
        await _client.StopAsync(CancellationToken.None);
        _client.Dispose();
        _folder.Dispose();
    }
}
