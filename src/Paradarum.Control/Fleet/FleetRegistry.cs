using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Paradarum.Control.Access;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>A node that was just registered, with the token it enrols with: shown once, good once.</summary>
internal sealed record NewNode(NodeRecord Node, string EnrolmentToken);

/// <summary>Which nodes there are: what an operator does with them, and how they prove who they are.</summary>
internal sealed class FleetRegistry(FleetDesk desk, LogWriter writer, TimeProvider time) : IDisposable
{
    public const int LongestName = 100;

    // Registry changes are rare; one at a time keeps memory and disk in the same order.
    private readonly SemaphoreSlim _oneChange = new(1, 1);

    /// <summary>Registers a node. The name is free text of 1 to 100 characters, unique among nodes that are not leaving.</summary>
    public async Task<Result<NewNode>> CreateAsync(Caller caller, string name, NodeRole role, CancellationToken stop)
    {
        if (name.Length is 0 or > LongestName)
            return Refusal.Malformed($"A node's name has 1 to {LongestName} characters.");
        if (role is not (NodeRole.Shield or NodeRole.Pop))
            return Refusal.Malformed("A node is a shield or a PoP.");

        var token = Secret("pde_");
        await _oneChange.WaitAsync(stop);
        try
        {
            if (
                desk.Records()
                    .Any(node => node is { LeftAt: null, Leaving: false } && string.Equals(node.Name, name, StringComparison.Ordinal))
            )
                return new Refusal(RefusalKind.Conflict, $"There is a node named '{name}' already.");
            var node = new NodeRecord(
                RandomNumberGenerator.GetHexString(16, lowercase: true),
                name,
                role,
                time.GetUtcNow(),
                Enabled: true,
                Leaving: false,
                LeftAt: null,
                NodeRecord.Digest(token),
                CredentialDigest: null,
                Url: "",
                Healthy: false,
                AppliedThrough: 0,
                FinalThrough: 0
            );
            await SaveAsync(node, caller.Actor, "created", stop);
            return new NewNode(node, token);
        }
        finally
        {
            _oneChange.Release();
        }
    }

    /// <summary>Exchanges an enrolment token for the node's own credential. Once: the token is gone before the credential is told.</summary>
    public async Task<Result<(NodeRecord Node, string Credential)>> EnrolAsync(string token, RequestSource source, CancellationToken stop)
    {
        var digest = NodeRecord.Digest(token);
        await _oneChange.WaitAsync(stop);
        try
        {
            var node = desk.Records()
                .FirstOrDefault(known => known.EnrolmentDigest is { } kept && CryptographicOperations.FixedTimeEquals(kept, digest));
            if (node is null || node.Leaving)
                return new Refusal(RefusalKind.Unauthenticated, "The enrolment token is unknown or was used already.");
            var credential = Secret("pdn_");
            node = node with { EnrolmentDigest = null, CredentialDigest = NodeRecord.Digest(credential) };
            await SaveAsync(node, new AuditActor(0, $"node {node.Name}", source), "enrolled", stop);
            return (node, credential);
        }
        finally
        {
            _oneChange.Release();
        }
    }

    /// <summary>A new enrolment token for a node that lost its identity; the former token and credential are of no use from here on.</summary>
    public async Task<Result<NewNode>> RenewTokenAsync(Caller caller, string nodeId, CancellationToken stop)
    {
        var token = Secret("pde_");
        var renewed = await ChangeAsync(
            caller,
            nodeId,
            "token-renewed",
            // One that leaves is told so by its own stream, which needs the credential; and it enrols no more.
            node => node.Leaving ? null : node with { EnrolmentDigest = NodeRecord.Digest(token), CredentialDigest = null },
            stop
        );
        return renewed.Ok(out var node, out var refusal) ? new NewNode(node, token) : refusal;
    }

    /// <summary>The operator's switch: traffic for a PoP, use for a shield. Purges are applied and waited for all the same.</summary>
    public Task<Result<NodeRecord>> SetEnabledAsync(Caller caller, string nodeId, bool enabled, CancellationToken stop) =>
        ChangeAsync(caller, nodeId, enabled ? "traffic-enabled" : "traffic-disabled", node => node with { Enabled = enabled }, stop);

    /// <summary>Deletes a node: it is leaving until it has given up its lease and dropped its store, or is fenced.</summary>
    public Task<Result<NodeRecord>> DeleteAsync(Caller caller, string nodeId, CancellationToken stop) =>
        ChangeAsync(caller, nodeId, "deleted", node => node with { Leaving = true, EnrolmentDigest = null }, stop);

    /// <summary>Whether there is such a node that has not left.</summary>
    public bool Has(NodeRole role, string nodeId) => desk.Find(nodeId) is { LeftAt: null } node && node.Role == role;

    /// <summary>Where PoPs said that visitors reach them; those without traffic too, for they get it back.</summary>
    public IReadOnlyList<Uri> PublicUrls() =>
        [
            .. desk.Records()
                .Where(node => node is { Role: NodeRole.Pop, LeftAt: null, Leaving: false })
                .Select(node => Uri.TryCreate(node.Url, UriKind.Absolute, out var url) ? url : null)
                .OfType<Uri>(),
        ];

    /// <summary>Every node that has not left, shields first, by name.</summary>
    public ImmutableArray<NodeStanding> List() =>
        desk.Read(fleet =>
            fleet
                .Records.Values.Where(node => node.LeftAt is null)
                .OrderBy(node => node.Role)
                .ThenBy(node => node.Name, StringComparer.Ordinal)
                .Select(node => StandingOf(node, fleet))
                .ToImmutableArray()
        );

    /// <summary>Completes when the node has a stream open.</summary>
    public Task WhenConnectedAsync(string nodeId, CancellationToken stop) =>
        desk.WhenAsync(fleet => fleet.Machine.Find(nodeId) is { Link: not null }, stop);

    /// <summary>Completes when each of these nodes is connected, holds a lease in effect and has caught up with the head it was granted at.</summary>
    public Task WhenHealthyAsync(IReadOnlyCollection<string> nodeIds, CancellationToken stop) =>
        desk.WhenAsync(
            fleet => nodeIds.All(id => fleet.Machine.Find(id) is { Link: not null, Current: { } current } && current.IsHealthy(fleet.Now)),
            stop
        );

    private static NodeStanding StandingOf(NodeRecord record, FleetReading fleet)
    {
        var node = fleet.Machine.Find(record.Id);
        var applied = node?.Current?.Applied ?? 0;
        return new NodeStanding(
            record,
            node?.Link is not null,
            node is not null && fleet.Machine.IsHealthy(node, fleet.Now),
            applied,
            fleet.Machine.Dispatch.Head - Math.Min(applied, fleet.Machine.Dispatch.Head)
        )
        {
            Lease = LeaseOf(node?.Current, fleet.Now),
            Figures = node?.Link?.Figures,
            PassingThrough = node?.Link?.PassingThrough ?? 0,
        };
    }

    private static LeaseStanding LeaseOf(LeaseHolding? holding, TimeSpan now) =>
        holding is null || holding.IsFenced(now) ? LeaseStanding.Fenced
        : holding.LeaseRuns(now) ? LeaseStanding.Live
        : LeaseStanding.Owed;

    private async Task<Result<NodeRecord>> ChangeAsync(
        Caller caller,
        string nodeId,
        string action,
        Func<NodeRecord, NodeRecord?> change,
        CancellationToken stop
    )
    {
        await _oneChange.WaitAsync(stop);
        try
        {
            if (desk.Find(nodeId) is not { LeftAt: null } node || change(node) is not { } changed)
                return Refusal.NotFound("Node not found.");
            await SaveAsync(changed, caller.Actor, action, stop);
            return changed;
        }
        finally
        {
            _oneChange.Release();
        }
    }

    public void Dispose() => _oneChange.Dispose();

    private Task<bool> SaveAsync(NodeRecord node, AuditActor actor, string action, CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                FleetStore.SaveNode(write, node);
                var role = node.Role == NodeRole.Shield ? "shield" : "pop";
                AuditTrail.Append(
                    write,
                    actor,
                    new AuditChange(AuditTypes.Node, action, 0) { Subject = node.Name, After = new { node.Id, role } }
                );
                write.AfterFlush(() => desk.Put(node));
                return true;
            },
            stop
        );

    /// <summary>256 random bits after a prefix that tells a leaked secret's kind.</summary>
    private static string Secret(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
