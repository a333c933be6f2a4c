using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>The control plane's end of the streams. Who does not prove to be a node gets nothing.</summary>
internal sealed class FleetLinkService(
    FleetDesk desk,
    FleetRegistry registry,
    FleetQuestions questions,
    NodeSnapshots snapshots,
    LogWriter writer,
    RecordTraces traces,
    TimeProvider time,
    IHostApplicationLifetime host,
    ILogger<FleetLinkService> log
) : FleetLink.FleetLinkBase
{
    public const string NodeHeader = "paradarum-node";
    public const string CredentialHeader = "paradarum-credential";

    private const string UnknownNode =
        "No node is known by this id and credential: its token was renewed, or the control plane was restored from a backup that is older than the node. Give it a new enrolment token and an empty data folder.";

    public override async Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context)
    {
        var enrolled = await registry.EnrolAsync(request.Token, RequestSource.Of(context.GetHttpContext()), context.CancellationToken);
        if (!enrolled.Ok(out var node, out var refusal))
            throw new RpcException(new Status(StatusCode.Unauthenticated, refusal.Message));
        log.NodeEnrolled(node.Node.Id);
        return new EnrolReply
        {
            NodeId = node.Node.Id,
            Credential = node.Credential,
            Role = node.Node.Role,
            Name = node.Node.Name,
        };
    }

    public override async Task Follow(
        IAsyncStreamReader<NodeMessage> requestStream,
        IServerStreamWriter<ControlMessage> responseStream,
        ServerCallContext context
    )
    {
        if (!Authenticated(context, out var node))
            throw new RpcException(new Status(StatusCode.Unauthenticated, UnknownNode));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, host.ApplicationStopping);
        var stream = new FleetStream(desk, questions, snapshots, writer, node, requestStream, responseStream, traces, time, log);
        await stream.RunAsync(stop);
    }

    private bool Authenticated(ServerCallContext context, [NotNullWhen(true)] out NodeRecord? node)
    {
        var id = context.RequestHeaders.GetValue(NodeHeader);
        var credential = context.RequestHeaders.GetValue(CredentialHeader);
        node = id is null ? null : desk.Find(id);
        // The digest is made for unknown nodes too, so that time tells nothing about ids.
        var digest = NodeRecord.Digest(credential ?? "");
        return credential is not null && node is not null && node.Accepts(digest);
    }
}
