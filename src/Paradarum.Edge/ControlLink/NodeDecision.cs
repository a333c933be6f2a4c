using Paradarum.Edge.Leasing;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Edge.ControlLink;

/// <summary>What <see cref="NodeMachine"/> wants done, in the order it says: apply, then publish the lease, then acknowledge.</summary>
internal abstract record NodeDecision
{
    private NodeDecision() { }

    /// <summary>Apply these records in one new snapshot.</summary>
    public sealed record Apply(IReadOnlyList<LogRecord> Records) : NodeDecision;

    /// <summary>Replace all the node knows and drop its store.</summary>
    public sealed record Replace(string Epoch, ulong Position, ReadOnlyMemory<byte> Hash, IReadOnlyList<PropertySnapshot> Properties)
        : NodeDecision;

    /// <summary>Drop the store and forget position and rules.</summary>
    /// <param name="ForGood">The node has left: it knows no host any more either.</param>
    public sealed record DropAll(bool ForGood = false) : NodeDecision;

    /// <summary>Publish the lease in effect; <see cref="Lease.None"/> gives it up.</summary>
    public sealed record Publish(Lease Lease) : NodeDecision;

    /// <summary>Tell the control plane that everything up to here is in force.</summary>
    public sealed record Acknowledge(ulong Position, ReadOnlyMemory<byte> Hash) : NodeDecision;

    /// <summary>Tell the control plane that lease and store are gone, and end for good.</summary>
    public sealed record SayLeaveDone : NodeDecision;

    /// <summary>Tell the control plane that this process start serves nobody any more and holds no lease.</summary>
    public sealed record SayGoodbye : NodeDecision;

    /// <summary>Close the stream and open another: what arrived can't be trusted.</summary>
    public sealed record Reconnect(LinkFault Fault) : NodeDecision;
}

/// <summary>Why a stream was given up.</summary>
internal enum LinkFault
{
    /// <summary>A record is neither the next one nor one that was applied.</summary>
    Gap,

    /// <summary>A record's hash is not the one the chain gives.</summary>
    Hash,

    /// <summary>Records or grants came before the stream said which log they are of, or of another one.</summary>
    Protocol,
}
