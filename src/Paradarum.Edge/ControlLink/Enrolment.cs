using System.Collections.Immutable;
using System.Text.Json;
using Grpc.Core;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.ControlLink;

/// <summary>What a node proves itself with. Kept in its data folder, mode 0600.</summary>
internal sealed record NodeIdentity(string NodeId, string Credential, NodeRole Role, string Name);

/// <summary>Turns an enrolment token into a node's own credential, once, and keeps it.</summary>
internal static class Enrolment
{
    private const string FileName = "node.json";

    /// <summary>The identity a former start left behind; null when this node has not enrolled.</summary>
    /// <exception cref="IOException">There is one that cannot be read.</exception>
    public static NodeIdentity? Read(string folder)
    {
        var file = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<NodeIdentity>(File.ReadAllText(file)) : null;
        }
        catch (JsonException e)
        {
            throw new IOException(
                $"The node's identity {file} cannot be read: give the node a new enrolment token and an empty data folder.",
                e
            );
        }
    }

    /// <summary>Whether a node has enrolled from this folder.</summary>
    public static bool IsDone(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>The next start from this folder enrols.</summary>
    public static void Forget(string folder)
    {
        if (IsDone(folder))
            File.Delete(Path.Combine(folder, FileName));
    }

    /// <summary>The kept identity, or the one that the token buys. The token is of no use afterwards, even when the answer gets lost.</summary>
    /// <exception cref="RpcException">The control plane can't be reached.</exception>
    public static async Task<Result<NodeIdentity>> ReadOrEnrolAsync(
        NodeFolder folder,
        ImmutableArray<Uri> controls,
        TrustedRoots? roots,
        string token,
        CancellationToken stop
    )
    {
        if (Read(folder.Path) is { } kept)
            return kept;
        // One of them works. Only the last one's silence is the answer; the token is spent with the first that takes it.
        foreach (var control in controls[..^1])
        {
            try
            {
                return await EnrolAsync(folder, control, roots, token, stop);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable) { }
        }
        return await EnrolAsync(folder, controls[^1], roots, token, stop);
    }

    private static async Task<Result<NodeIdentity>> EnrolAsync(
        NodeFolder folder,
        Uri control,
        TrustedRoots? roots,
        string token,
        CancellationToken stop
    )
    {
        using var channel = ControlChannel.Open(control, roots);
        try
        {
            var reply = await new FleetLink.FleetLinkClient(channel).EnrolAsync(
                new EnrolRequest { Token = token },
                cancellationToken: stop
            );
            var identity = new NodeIdentity(reply.NodeId, reply.Credential, reply.Role, reply.Name);
            Write(folder, identity);
            return identity;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
        {
            return new Refusal(RefusalKind.Unauthenticated, e.Status.Detail);
        }
    }

    /// <summary>By rename and after a flush: a crash leaves the whole file or none.</summary>
    private static void Write(NodeFolder folder, NodeIdentity identity)
    {
        var file = Path.Combine(folder.Path, FileName);
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(file + ".new", options))
        {
            JsonSerializer.Serialize(stream, identity);
            stream.Flush(flushToDisk: true);
        }
        File.Move(file + ".new", file, overwrite: true);
    }
}
