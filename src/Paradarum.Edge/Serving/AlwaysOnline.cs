using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving;

/// <summary>
/// Always Online (contract part 3): a stale response instead of a failure, where the property's owner wants that. It ends with the grace (design section 3), never
/// uses what was purged (G2), and leaves alone what the origin forbids to use stale (must-revalidate, proxy-revalidate, no-cache); s-maxage alone does not forbid it, since
/// the owner's setting is the agreement of RFC 9111 section 4.2.4.
/// </summary>
internal static class AlwaysOnline
{
    /// <summary>What went wrong with a fetch, as a condition; none when nothing did.</summary>
    public static StaleConditions Of(FetchFailure failure, int status) =>
        failure switch
        {
            FetchFailure.None => StaleCodes.OfStatus(status),
            FetchFailure.HeadTimeOut => StaleConditions.Timeout,
            FetchFailure.InvalidHead => StaleConditions.InvalidHeader,
            _ => StaleConditions.Error,
        };

    /// <summary>Whether what is stored may be served to a visit under a condition.</summary>
    public static bool MayStandIn(Visit visit, StoredResponse stale, StaleConditions condition, NodeSnapshot current) =>
        (visit.Property.Configuration.AlwaysOnline & condition) != StaleConditions.None
        && visit.Lease != LeaseState.Fenced
        && !StoredFreshness.OriginForbidsStale(stale.Headers)
        && Fence.Test(current, stale).MayBeUsed;

    /// <summary>A fetch of the same is under way: those who come meanwhile need not wait for it.</summary>
    public static bool MayBeServedMeanwhile(NodeState state, FlightBoard board, Visit visit, StoredResponse stale) =>
        visit.Property.Configuration.AlwaysOnline.HasFlag(StaleConditions.Updating)
        && !visit.NeedsConfirmation
        && board.Find(visit.Shared) is { Head.IsCompleted: false }
        && stale.Freshness.Judge(visit.Control, visit.Now) == ReuseVerdict.Stale
        && MayStandIn(visit, stale, StaleConditions.Updating, state.Current);

    /// <summary>An answer that would take the place of what it is to be answered by is not stored: the second visitor would get what the first was spared.</summary>
    public static bool Spares(FetchPlan plan, FetchFailure failure, int status) =>
        plan.StandIn is { IsRemoved: false } held
        && (plan.StaleOn & Of(failure, status)) != StaleConditions.None
        && !StoredFreshness.OriginForbidsStale(held.Headers);
}
