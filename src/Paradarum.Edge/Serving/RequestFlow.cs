using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Answers one visit, from the store or from upstream: carries out what <see cref="Step"/>, <see cref="Joining"/> and <see cref="Outcome"/> decide.</summary>
internal sealed class RequestFlow(
    NodeState state,
    ResponseStore store,
    FlightBoard board,
    Fetcher fetcher,
    PassThrough passThrough,
    Answers answers
)
{
    public async Task AnswerAsync(HttpVisit visit)
    {
        // 1. What is never stored nor answered from the store goes straight through.
        if (Step.Unstorable(visit) is { } through)
        {
            await passThrough.SendAsync(visit, through);
            return;
        }

        var key = new FlightKey(visit.Key, Codings.Normalise(visit.Headers.AcceptEncoding));
        for (var round = 0; ; round++)
        {
            // 2. The store and what follows from it.
            var step = Step.Next(state, board, visit, key, round);
            switch (step.Kind)
            {
                case StepKind.FromStore:
                    // Its bytes may be on disk, and not to be had: then it was the store's no longer.
                    if (!await IsReadyAsync(visit, step.Entry!))
                        continue;
                    EvictionQueue.Hit(step.Entry!);
                    if (step.Decision.Served == Served.Stale)
                        RefreshInBackground(visit, step.Entry!, key);
                    await answers.FromStoreAsync(visit, step.Entry!, step.Decision);
                    return;
                case StepKind.OnlyIfCached:
                    await answers.RefuseAsync(
                        visit.Context,
                        StatusCodes.Status504GatewayTimeout,
                        "Not stored here, and the request said only-if-cached."
                    );
                    return;
                case StepKind.PassThrough:
                    await passThrough.SendAsync(visit, step.Decision);
                    return;
            }

            // 3. Join the fetch that is under way, or begin one, under the fence.
            if (await FetchAsync(visit, step, key, round))
                return;
        }
    }

    private static bool NeedsBytes(HttpVisit visit) => HttpMethods.IsGet(visit.Method);

    private async ValueTask<bool> IsReadyAsync(HttpVisit visit, StoredResponse entry) =>
        !NeedsBytes(visit) || await store.IsReadyAsync(entry, visit.Context.RequestAborted);

    private void RefreshInBackground(HttpVisit visit, StoredResponse entry, FlightKey key)
    {
        var current = state.Current;
        var open = board.Find(key);
        if (open is null || !Joining.MayJoin(visit, current, open))
            fetcher.Begin(FetchPlan.Of(visit), Step.AskedAbout(visit, entry, round: 0), key, open, background: true);
    }

    /// <summary>One round: true when the visitor was answered.</summary>
    private async Task<bool> FetchAsync(HttpVisit visit, Step step, FlightKey key, int round)
    {
        var (flight, reader, leads) = Joining.IsAlone(visit, round)
            ? Begin(visit, step.About, null, null)!.Value
            : await JoinOrBeginAsync(visit, step.About, key);
        using (reader)
        {
            var head = await flight.Head.WaitAsync(visit.Context.RequestAborted);
            var outcome = Outcome.Of(visit, head, leads, step.Decision, step.Entry, state.Current);
            if (outcome.Kind == OutcomeKind.Stale && !await IsReadyAsync(visit, step.Entry!))
                outcome = Outcome.Of(visit, head, leads, step.Decision, stale: null, state.Current);
            if (outcome.Kind == OutcomeKind.Confirmed && !await IsReadyAsync(visit, head.Entry!))
                return false;
            switch (outcome.Kind)
            {
                case OutcomeKind.Stale:
                    await answers.FromStoreAsync(visit, step.Entry!, outcome.Decision);
                    return true;
                case OutcomeKind.Failed:
                    await answers.FailedAsync(visit, head.Failure, step.Decision.Forward);
                    return true;
                case OutcomeKind.Confirmed:
                    await answers.FromStoreAsync(visit, head.Entry!, outcome.Decision);
                    return true;
                case OutcomeKind.Response:
                    await answers.FromFlightAsync(visit, head, reader!, outcome.Decision);
                    return true;
                default:
                    return false;
            }
        }
    }

    private async ValueTask<(Flight Flight, GrowingBody.Reader? Reader, bool Leads)> JoinOrBeginAsync(
        HttpVisit visit,
        StoredResponse? about,
        FlightKey key
    )
    {
        while (true)
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
            if (Begin(visit, about, key, open) is { } begun)
                return begun;
        }
    }

    private (Flight Flight, GrowingBody.Reader? Reader, bool Leads)? Begin(
        HttpVisit visit,
        StoredResponse? about,
        FlightKey? key,
        Flight? former
    )
    {
        var begun = fetcher.Begin(FetchPlan.Of(visit), about, key, former, background: false);
        return begun is { } made ? (made.Flight, made.Reader, Leads: true) : null;
    }
}
