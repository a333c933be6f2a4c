using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;

namespace Paradarum.Edge.Serving;

/// <summary>Which fetches a visit may share, decided without I/O (design section 3, The fence).</summary>
internal static class Joining
{
    /// <summary>Rounds in which a visit may share a fetch; after them it makes one of its own, so that no visit circles for ever.</summary>
    public const int SharedRounds = 3;

    /// <summary>Its answer may be meant for this visitor alone, so nobody waits for it and it waits for nobody.</summary>
    public static bool IsAlone(Visit visit, int round) =>
        round >= SharedRounds
        || visit.Headers.Authorization.Count > 0
        || CacheControl.Parse(visit.Headers.CacheControl).Has(Directives.NoStore);

    /// <summary>
    /// Nobody joins a fetch that began before a rule that matches it, that another generation made, or that began before a request which must not trust it.
    /// </summary>
    /// <param name="visit">Who asks.</param>
    /// <param name="current">Read before the fetch was found: a rule that retires in between would not be seen, while its fetch is already in hand.</param>
    /// <param name="open">The fetch under way.</param>
    public static bool MayJoin(Visit visit, NodeSnapshot current, Flight open) =>
        open.PropertyId == visit.Property.Id
        && (!visit.JoinsNoEarlierFetch || Serves(visit, open))
        && (!open.Head.IsCompletedSuccessfully || open.Head.Result.Shareable)
        && Fence.Test(current, open).MayBeUsed;

    /// <summary>A fetch that began before this request is not joined, but waited for: those who wait share the next one, so the herd stays bounded.</summary>
    public static bool AwaitsTheNext(Visit visit, Flight open) =>
        visit.JoinsNoEarlierFetch && !open.Head.IsCompleted && open.Order <= visit.ArrivedAfter;

    /// <summary>
    /// Whether a fetch is as good as one of the request's own, for a request that trusts no earlier one. To begin later is not enough: whoever began it may have
    /// arrived under other conditions.
    /// </summary>
    private static bool Serves(Visit visit, Flight open) =>
        open.Order > visit.ArrivedAfter
        // A fenced one: marked `validate`, else a fenced shield may have answered it from its store.
        && (!visit.NeedsConfirmation || open.Plan.NeedsConfirmation)
        // Behind a purge: nothing stored, validated or not.
        && (!visit.UsesNoStore || open.Base is null)
        // A promise: from a snapshot that holds the purge, or carrying its position.
        && (open.Stamp >= visit.Promised || open.Plan.Promised >= visit.Promised);
}
