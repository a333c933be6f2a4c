using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Holds the node's current snapshot and applies what the log says. One writer: the control link. Applying publishes the new snapshot
/// before it returns, so that the caller may acknowledge.
/// </summary>
internal sealed class NodeState
{
    private volatile NodeSnapshot _current = NodeSnapshot.Empty;

    public NodeSnapshot Current => _current;

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
