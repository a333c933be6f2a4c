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
    SharedFetches fetches,
    PassThrough passThrough,
    Answers answers,
    SlicedAnswers slicedAnswers
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

        for (var round = 0; ; round++)
        {
            // 2. The store and what follows from it.
            var step = Step.Next(state, board, visit, round);
            switch (step.Kind)
            {
                case StepKind.FromStore:
                    // Its bytes may be on disk, and not to be had: then it was the store's no longer.
                    if (!await IsReadyAsync(visit, step.Entry!))
                        continue;
                    EvictionQueue.Hit(step.Entry!);
                    step.Entry!.Use(visit.Now);
                    if (step.Decision.Served == Served.Stale)
                        Refresh(visit, step.Entry!);
                    if (await FromStoreAsync(visit, step.Entry!, step.Decision))
                        return;
                    continue;
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
            if (await FetchAsync(visit, step, round))
                return;
        }
    }

    private static bool NeedsBytes(HttpVisit visit) => HttpMethods.IsGet(visit.Method);

    private async ValueTask<bool> IsReadyAsync(HttpVisit visit, StoredResponse entry) =>
        !NeedsBytes(visit) || await store.IsReadyAsync(entry, visit.Context.RequestAborted);

    /// <summary>False: it is kept in slices, and they turned out to be of another body; look at the store again.</summary>
    private async ValueTask<bool> FromStoreAsync(HttpVisit visit, StoredResponse entry, Decision decision)
    {
        if (entry.Body.Slices is not null)
            return await slicedAnswers.SendAsync(visit, entry, decision);
        await answers.FromStoreAsync(visit, entry, decision);
        return true;
    }

    /// <summary>A method of its own, so that a hit makes no closure.</summary>
    private void Refresh(HttpVisit visit, StoredResponse stale) =>
        fetches.InBackground(
            visit,
            Step.AskedAbout(visit, stale, round: 0),
            visit.Shared,
            () => Step.IsFreshlyStored(state, visit),
            standIn: stale
        );

    /// <summary>One round: true when the visitor was answered.</summary>
    private async Task<bool> FetchAsync(HttpVisit visit, Step step, int round)
    {
        var fetch = Joining.IsAlone(visit, round)
            ? fetches.BeginAlone(visit, step.About, slice: null, standIn: step.Entry)
            : await fetches.JoinOrBeginAsync(
                visit,
                step.About,
                visit.Shared,
                () => Step.IsFreshlyStored(state, visit),
                standIn: step.Entry
            );
        if (fetch is not var (flight, reader, leads))
            return false;
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
                    return await FromStoreAsync(visit, step.Entry!, outcome.Decision);
                case OutcomeKind.Failed:
                    await answers.FailedAsync(visit, head.Failure, step.Decision.Forward);
                    return true;
                case OutcomeKind.Confirmed:
                case OutcomeKind.Sliced:
                    return await FromStoreAsync(visit, head.Entry!, outcome.Decision);
                case OutcomeKind.PassThrough:
                    // The fetch itself goes on for as long as somebody wants it, or it can be stored.
                    reader?.Dispose();
                    board.MarkUncut(visit.Shared);
                    await passThrough.SendAsync(visit, outcome.Decision);
                    return true;
                case OutcomeKind.Response:
                    await answers.FromFlightAsync(visit, head, reader!, outcome.Decision);
                    return true;
                default:
                    return false;
            }
        }
    }
}
