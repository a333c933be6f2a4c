using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Answers with a large body that is kept in slices (docs/decisions/slices.md): whole, cut, or its head alone.</summary>
internal sealed class SlicedAnswers(
    EdgeOptions options,
    NodeState state,
    ResponseStore store,
    FlightBoard board,
    SharedFetches fetches,
    Answers answers
)
{
    /// <summary>
    /// The first slice is come to before the head is sent, so that what turns out wrong with it can still be put right.
    /// </summary>
    /// <returns>False: nothing was sent, and what was stored is gone; look at the store again.</returns>
    public async Task<bool> SendAsync(HttpVisit visit, StoredResponse entry, Decision decision)
    {
        var body = entry.Body.Slices!;
        if (!HttpMethods.IsGet(visit.Method) || Validators.VisitorHolds(visit.Headers, entry.Status, entry.Headers))
        {
            await answers.FromStoreAsync(visit, entry, decision);
            return true;
        }
        var ranges = ByteRanges.Select(visit.Headers, entry.Headers, entry.Status, body.Length);
        using var slices = new SliceReader(options, state, fetches, visit, body);
        if (ranges is not [])
        {
            var first = ranges is [var range, ..] ? range : new ByteRange(0, body.Length);
            if (!await slices.OpenAsync(first.First, first.First + first.Count, visit.Context.RequestAborted))
                return await CannotAsync(visit, body, slices.Failed!);
        }

        answers.WriteStoredHead(visit, entry, slices.IsFetched ? Partial(decision) : decision);
        if (ranges is not null)
            await Parts.SendAsync(visit.Context, ranges, body.Length, slices);
        else
        {
            visit.Context.Response.ContentLength = body.Length;
            await Parts.CopyAsync(visit.Context, new ByteRange(0, body.Length), slices);
        }
        if (slices.Failed is { End: FlightEnd.Changed or FlightEnd.Unsliceable } failed)
            Forget(visit, body, failed);
        return true;
    }

    private async Task<bool> CannotAsync(HttpVisit visit, SlicedBody body, FlightHead failed)
    {
        if (failed.End == FlightEnd.Failed)
        {
            await answers.FailedAsync(visit, failed.Failure, Forward.Partial);
            return true;
        }
        Forget(visit, body, failed);
        return false;
    }

    /// <summary>No slice of a body that is no more is used again.</summary>
    private void Forget(HttpVisit visit, SlicedBody body, FlightHead failed)
    {
        // A second time in one visit: each request brings another body, or is refused its range, and the next round would fetch the whole again for nothing.
        if (failed.End == FlightEnd.Unsliceable || ++visit.BodiesLost > 1)
            board.MarkUnsliceable(visit.Shared);
        store.DropBody(visit.Property.Id, visit.Key, body);
    }

    /// <summary>Of a response that is stored without all of its slices (RFC 9211 §2.2); said of the first one that was wanted.</summary>
    private static Decision Partial(in Decision decision) =>
        decision.Forward != Forward.None
            ? decision
            : decision with
            {
                Served = Served.Miss,
                Forward = Forward.Partial,
                ForwardStatus = StatusCodes.Status206PartialContent,
                Detail = null,
            };
}
