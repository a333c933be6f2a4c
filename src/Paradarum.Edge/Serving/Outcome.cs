using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving;

/// <summary>What the head of a fetch means for one of those who waited for it.</summary>
internal enum OutcomeKind
{
    /// <summary>Nothing: look at the store again.</summary>
    Again,

    /// <summary>What was confirmed is the answer.</summary>
    Confirmed,

    /// <summary>The response that is arriving is the answer.</summary>
    Response,

    /// <summary>The head that was stored is the answer; its bytes are to be had in slices.</summary>
    Sliced,

    /// <summary>Part of it was asked for, and it can't be cut: the request goes upstream as it is.</summary>
    PassThrough,

    /// <summary>Upstream failed, and what is stored may stand in for it.</summary>
    Stale,

    /// <summary>No upstream answered.</summary>
    Failed,
}

/// <summary>The same with its reason, decided without I/O.</summary>
internal readonly record struct Outcome(OutcomeKind Kind, Decision Decision)
{
    /// <param name="visit">Who waited.</param>
    /// <param name="head">How the fetch came out.</param>
    /// <param name="leads">The fetch was begun for this visit.</param>
    /// <param name="asked">Why upstream was asked.</param>
    /// <param name="stale">What is stored, should upstream have failed.</param>
    /// <param name="current">The node's snapshot of now.</param>
    public static Outcome Of(Visit visit, FlightHead head, bool leads, in Decision asked, StoredResponse? stale, NodeSnapshot current)
    {
        var failed = head.End == FlightEnd.Failed || (head.End == FlightEnd.Response && StoredFreshness.IsError(head.Status));
        if (failed && stale is not null && MayStandIn(visit, stale, current))
            return new(OutcomeKind.Stale, Standing(visit, stale, head, "stale-if-error"));
        var condition = head.End is FlightEnd.Failed or FlightEnd.Response
            ? AlwaysOnline.Of(head.Failure, head.Status)
            : StaleConditions.None;
        if (stale is not null && AlwaysOnline.MayStandIn(visit, stale, condition, current))
            return new(OutcomeKind.Stale, Standing(visit, stale, head, "always-online"));
        if (head.End == FlightEnd.Failed)
            return new(OutcomeKind.Failed, asked);
        if (head.End == FlightEnd.BaseLost || (!leads && !(head.Shareable && head.Vary.Matches(visit.Headers))))
            return new(OutcomeKind.Again, asked);

        var confirmed = head.End == FlightEnd.Confirmed;
        // Under another URL of the same key it may be purged by what does not match this fetch, since it was confirmed.
        if (confirmed && !Fence.Test(current, head.Entry!).MayBeUsed)
            return new(OutcomeKind.Again, asked);
        if (head.End == FlightEnd.Response && WantsPart(visit, head.Status) && (head.NotStored is not null || head.Length is null))
            return new(OutcomeKind.PassThrough, new(Served.Bypass, asked.Forward) { Detail = "range-not-stored" });
        var decision = new Decision(confirmed ? Served.Revalidated : Served.Miss, asked.Forward)
        {
            Stored = head.NotStored is null,
            Collapsed = !leads,
            Detail = head.NotStored ?? asked.Detail,
            ForwardStatus = confirmed ? StatusCodes.Status304NotModified : head.Status,
            Ttl = head.NotStored is null ? head.Freshness.TtlAt(visit.Now) : null,
        };
        var kind =
            confirmed ? OutcomeKind.Confirmed
            : head.End == FlightEnd.Sliced ? OutcomeKind.Sliced
            : OutcomeKind.Response;
        return new(kind, decision);
    }

    /// <summary>Only what is kept whole can be cut: of anything else, the part would cost all that lies before it.</summary>
    private static bool WantsPart(Visit visit, int status) =>
        status == StatusCodes.Status200OK && visit.Headers.Range.Count > 0 && HttpMethods.IsGet(visit.Method);

    /// <summary>RFC 5861 §4: a failure upstream is answered with what is stored, where the origin allowed it, the grace runs and no purge took it.</summary>
    private static bool MayStandIn(Visit visit, StoredResponse stale, NodeSnapshot current) =>
        visit.Lease != LeaseState.Fenced && stale.Freshness.MayAnswerForError(visit.Now) && Fence.Test(current, stale).MayBeUsed;

    private static Decision Standing(Visit visit, StoredResponse stale, FlightHead failed, string detail) =>
        new(Served.Stale, Forward.Stale)
        {
            ForwardStatus = failed.Status,
            Ttl = stale.Freshness.TtlAt(visit.Now),
            Detail = detail,
        };
}
