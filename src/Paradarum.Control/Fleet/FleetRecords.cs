using System.Collections.Immutable;
using Google.Protobuf;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>
/// The nodes as the registry keeps them, brought up to what the fleet finds out, and what is made of them for others: who counts for a new purge, and what nodes are told
/// of one another. Changed under the desk's lock alone; every change is drafted, to be written.
/// </summary>
internal sealed class FleetRecords
{
    private readonly Dictionary<string, NodeRecord> _records;
    private readonly FleetMachine _machine;
    private readonly FleetDraft _draft;
    private volatile FleetCensus _census = FleetCensus.Empty;
    private volatile FleetView _view;

    public FleetRecords(FleetMemory memory, FleetMachine machine, FleetDraft draft, ReadOnlyMemory<byte> purgeTokenKey)
    {
        (_machine, _draft) = (machine, draft);
        _records = memory.Nodes.ToDictionary(node => node.Id, StringComparer.Ordinal);
        _view = new FleetView
        {
            FleetKey = ByteString.CopyFrom(memory.FleetKey.Span),
            PurgeTokenKey = ByteString.CopyFrom(purgeTokenKey.Span),
            CertificateKey = ByteString.CopyFrom(memory.CertificateKey.Span),
        };
        PublishView();
    }

    /// <summary>Replaced on every change, read without a lock.</summary>
    public FleetCensus Census => _census;

    /// <summary>A new instance whenever it changes; never modified. Read without a lock.</summary>
    public FleetView View => _view;

    public IReadOnlyDictionary<string, NodeRecord> All => _records;

    public NodeRecord? Find(string nodeId) => _records.GetValueOrDefault(nodeId);

    /// <summary>Takes in a registry change, which is durable. What the fleet itself found out meanwhile stays.</summary>
    /// <returns>False when that is that the node has left.</returns>
    public bool Put(NodeRecord record)
    {
        if (!_records.TryGetValue(record.Id, out var known))
            known = record;
        if (known.LeftAt is not null)
            return false;
        _records[record.Id] = record with
        {
            Url = known.Url,
            Healthy = known.Healthy,
            AppliedThrough = known.AppliedThrough,
            FinalThrough = known.FinalThrough,
        };
        return true;
    }

    public void IsReachedAt(string nodeId, string url)
    {
        if (string.Equals(_records[nodeId].Url, url, StringComparison.Ordinal))
            return;
        _records[nodeId] = _records[nodeId] with { Url = url };
        _draft.NodeFound(nodeId);
    }

    public void HasLeft(string nodeId, DateTimeOffset at)
    {
        _records[nodeId] = _records[nodeId] with { LeftAt = at, EnrolmentDigest = null, CredentialDigest = null };
        _draft.NodeFound(nodeId);
    }

    public void CountsAreFinal(string nodeId, ulong through)
    {
        if (through <= _records[nodeId].FinalThrough)
            return;
        _records[nodeId] = _records[nodeId] with { FinalThrough = through };
        _draft.NodeAdvanced(nodeId);
    }

    /// <returns>Whether its health changed: who counts is to be looked at again.</returns>
    public bool NoteProgress(FleetNode node, TimeSpan now)
    {
        var record = _records[node.Id];
        var (healthy, through) = (_machine.IsHealthy(node, now), Math.Max(record.AppliedThrough, node.AppliedThrough(now)));
        if (record.Healthy == healthy && record.AppliedThrough == through)
            return false;
        _records[node.Id] = record with { Healthy = healthy, AppliedThrough = through };
        _draft.NodeAdvanced(node.Id);
        return record.Healthy != healthy;
    }

    public void PublishCensus(TimeSpan now)
    {
        var census = _machine.Census(now);
        if (!census.Shields.SequenceEqual(_census.Shields) || !census.Pops.SequenceEqual(_census.Pops))
            _census = census;
    }

    /// <returns>Whether nodes are to be told something new.</returns>
    public bool PublishView()
    {
        var view = new FleetView
        {
            FleetKey = _view.FleetKey,
            PurgeTokenKey = _view.PurgeTokenKey,
            CertificateKey = _view.CertificateKey,
        };
        view.Shields.AddRange(
            _machine
                .Nodes.Where(node => node is { Role: NodeRole.Shield, Enabled: true, Leaving: false })
                .Select(node => _records[node.Id])
                .Where(record => record.Url.Length > 0)
                .OrderBy(record => record.Id, StringComparer.Ordinal)
                .Select(record => new ShieldMessage { Id = record.Id, Url = record.Url })
        );
        if (view.Equals(_view))
            return false;
        _view = view;
        return true;
    }

    public static FleetNode ToMachine(NodeRecord record) =>
        new(record.Id, record.Role)
        {
            Enabled = record.Enabled,
            Leaving = record.Leaving,
            WasHealthy = record.Healthy,
            EverApplied = record.AppliedThrough,
        };
}
