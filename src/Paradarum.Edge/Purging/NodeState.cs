using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Holds the node's current snapshot and applies what the log says. One writer: the control link. Applying publishes the new snapshot
/// before it returns, so that the caller may acknowledge.
/// </summary>
internal sealed class NodeState(EntryIndex index)
{
    private volatile NodeSnapshot _current = NodeSnapshot.Empty;

    public NodeSnapshot Current => _current;

    /// <summary>Where this node's stored responses and fetches are.</summary>
    public EntryIndex Index => index;

    /// <summary>This node's id, for rules that name one node. Set by the control link before the first record is applied.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Takes out an entry that the fence found purged, and counts it for the receipt of the rule that matched.</summary>
    public void Remove(StoredEntry entry, FenceVerdict verdict) => throw new NotImplementedException();

    /// <summary>Applies records that follow the current position without a gap and whose chain was checked by the caller. All in one new snapshot.</summary>
    public void Apply(IReadOnlyList<LogRecord> records) => throw new NotImplementedException();

    /// <summary>Replaces everything: raises the generation, publishes, then drops the store (design section 2: another epoch, hash or a position out of range).</summary>
    public void Replace(string epoch, ulong position, ReadOnlyMemory<byte> hash, IReadOnlyList<PropertySnapshot> properties) =>
        throw new NotImplementedException();

    /// <summary>Drops all that is stored and forgets position and rules: the node then presents nothing and starts from a snapshot.</summary>
    public void DropAll() => throw new NotImplementedException();

    /// <summary>What purges removed, where it changed since the last call (design section 3, receipts); counts only grow until final.</summary>
    public IReadOnlyList<PurgeCount> TakeCounts() => throw new NotImplementedException();
}
