using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Purging;

/// <summary>
/// The one question before a stored response is served, revalidated or updated, and before a fetch is joined or stored (design section 3, The fence): does the
/// snapshot hold a rule that is newer than it and matches? Costs one comparison when nothing is pending for the property. Pure but for "checked at".
/// </summary>
internal static class Fence
{
    /// <summary>For a lookup whose property was found through the request's hostname in the same snapshot.</summary>
    public static FenceVerdict Test(NodeSnapshot snapshot, PropertyView property, Stamped item)
    {
        if (item.Generation != snapshot.Generation)
            return new FenceVerdict(FenceReason.OtherGeneration);
        if (property.PassThrough || snapshot.PassThroughAll)
            return new FenceVerdict(FenceReason.PassThrough);
        if (item is FetchInFlight { IsInvalidated: true })
            return new FenceVerdict(FenceReason.Invalidated);
        var checkedAt = item.CheckedAt;
        if (checkedAt < property.Pending.Newest)
        {
            if (checkedAt < property.Pending.Horizon)
                return new FenceVerdict(FenceReason.BehindHorizon);
            var match = property.Pending.FindMatch(item, checkedAt);
            if (match.Position != 0)
                return new FenceVerdict(FenceReason.Purged, match.Position, match.Kind);
            item.RaiseCheckedAt(snapshot.Position);
        }

        // Looked at after the snapshot was read: a rule retires only when what it matches is marked as removed, so one of the two is seen.
        return new FenceVerdict(item is StoredEntry { IsRemoved: true } ? FenceReason.Removed : FenceReason.Fresh);
    }

    /// <summary>For whoever holds only the item: also judges whether its property still exists and still has its hostname. Use it before storing.</summary>
    public static FenceVerdict Test(NodeSnapshot snapshot, Stamped item)
    {
        if (item.Generation != snapshot.Generation)
            return new FenceVerdict(FenceReason.OtherGeneration);
        if (!snapshot.Properties.TryGetValue(item.PropertyId, out var property))
            return new FenceVerdict(FenceReason.UnknownProperty);
        if (!snapshot.Hosts.TryGetValue(item.Key.Host, out var host) || host.PropertyId != item.PropertyId)
            return new FenceVerdict(FenceReason.OtherProperty);
        return Test(snapshot, property, item);
    }
}
