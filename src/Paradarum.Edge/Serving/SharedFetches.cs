using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Finds a visit the fetch that it may share, or begins one: carries out what <see cref="Joining"/> decides.</summary>
internal sealed class SharedFetches(NodeState state, FlightBoard board, Fetcher fetcher)
{
    /// <summary>The fetch under way where it may be joined; else one that others may join.</summary>
    /// <param name="visit">Who asks.</param>
    /// <param name="about">What it may ask about.</param>
    /// <param name="key">What is fetched.</param>
    /// <param name="isStored">Asked before a fetch is sent: another may have ended, and stored, since the store was looked at.</param>
    /// <param name="standIn">What is stored and may be served, stale, instead of what the fetch brings.</param>
    /// <returns>Null when it is stored by now.</returns>
    public async ValueTask<(Flight Flight, GrowingBody.Reader Reader, bool Leads)?> JoinOrBeginAsync(
        HttpVisit visit,
        StoredResponse? about,
        FlightKey key,
        Func<bool> isStored,
        StoredResponse? standIn = null
    )
    {
        for (var isFirst = true; ; isFirst = false)
        {
            // Read before the fetch is found: a rule that retires in between would not be seen, while its fetch is already in hand.
            var current = state.Current;
            var open = board.Find(key);
            if (open is not null && Joining.MayJoin(visit, current, open) && open.Body.Join() is { } place)
                return (open, place, Leads: false);
            if (open is not null && Joining.AwaitsTheNext(visit, open))
            {
                await open.Head.WaitAsync(visit.Context.RequestAborted);
                continue;
            }
            if (open is null && !isFirst && isStored())
                return null;
            if (fetcher.Begin(PlanOf(visit, key.Slice, standIn), about, key, open, background: false, isStored) is { } begun)
                return (begun.Flight, begun.Reader!, Leads: true);
        }
    }

    /// <summary>One that nobody joins.</summary>
    public (Flight Flight, GrowingBody.Reader Reader, bool Leads) BeginAlone(
        HttpVisit visit,
        StoredResponse? about,
        SliceId? slice,
        StoredResponse? standIn = null
    )
    {
        // Only one that is to be found by others can come too late.
        var (flight, reader) = fetcher.Begin(PlanOf(visit, slice, standIn), about, shared: null, former: null, background: false)!.Value;
        return (flight, reader!, Leads: true);
    }

    /// <summary>One that no visitor waits for, unless one is under way, or has ended and stored by now.</summary>
    public void InBackground(HttpVisit visit, StoredResponse? about, FlightKey key, Func<bool> isStored, StoredResponse? standIn = null)
    {
        var current = state.Current;
        var open = board.Find(key);
        if (open is null || !Joining.MayJoin(visit, current, open))
            fetcher.Begin(PlanOf(visit, key.Slice, standIn), about, key, open, background: true, isStored);
    }

    private static FetchPlan PlanOf(HttpVisit visit, SliceId? slice, StoredResponse? standIn) =>
        slice is null ? FetchPlan.Of(visit, standIn) : FetchPlan.Of(visit, standIn) with { Slice = slice };
}
