using System.Collections.Immutable;
using Google.Protobuf;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Control.Purging;

/// <summary>An item of a batch that was refused, with the sentence that a single purge would have been answered with.</summary>
/// <param name="Index">Its place in <c>items</c>, from 0.</param>
internal sealed record RejectedItem(int Index, string Reason);

/// <summary>What one request asks for, proven well-formed: at least one rule.</summary>
internal sealed class PurgeOrder
{
    private PurgeOrder(ImmutableArray<PurgeRule> rules, int itemCount, ImmutableArray<RejectedItem>? rejected)
    {
        Rules = rules;
        ItemCount = itemCount;
        Rejected = rejected;
    }

    public ImmutableArray<PurgeRule> Rules { get; }

    /// <summary>Items sent, the refused ones included; 1 for a single purge.</summary>
    public int ItemCount { get; }

    /// <summary>Null for a single purge, which has no such field.</summary>
    public ImmutableArray<RejectedItem>? Rejected { get; }

    public static PurgeOrder One(PurgeRule rule) => new([rule], 1, null);

    public static PurgeOrder Batch(ImmutableArray<PurgeRule> rules, int itemCount, ImmutableArray<RejectedItem> rejected) =>
        new(rules, itemCount, rejected);

    /// <summary>The record's payload; made on the request's thread, not on the writer's.</summary>
    public byte[] ToPayload(long propertyId)
    {
        var body = new PurgeBody();
        foreach (var rule in Rules)
            body.Rules.Add(rule.ToMessage());
        return new RecordPayload
        {
            PropertyId = propertyId,
            Purges = true,
            Purge = body,
        }.ToByteArray();
    }
}
