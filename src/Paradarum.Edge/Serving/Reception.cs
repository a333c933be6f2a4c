using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>The head of a response as it came from upstream.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Headers">Those that go on (<see cref="HeaderRules.Received"/>).</param>
/// <param name="Length">Of its body in bytes, when it was said.</param>
/// <param name="EndsItself">The end of its body can be told from its breaking off.</param>
/// <param name="RequestTime">When the request left (RFC 9111 §4.2.3).</param>
/// <param name="ResponseTime">When the head arrived.</param>
/// <param name="Failure">What a shield says went wrong with the origin, when it answers in its stead.</param>
internal readonly record struct ArrivedHead(
    int Status,
    HeaderDictionary Headers,
    long? Length,
    bool EndsItself,
    DateTimeOffset RequestTime,
    DateTimeOffset ResponseTime,
    FetchFailure Failure = FetchFailure.None
);

/// <summary>Judges what a fetch brought, and stores it under the fence; without I/O.</summary>
internal sealed class Reception(NodeState state, ResponseStore store, FlightBoard board, long largestStoredBody)
{
    /// <summary>What a head means for those who wait. A 304 renews what is stored at once; a body follows, and then <see cref="Complete"/>.</summary>
    public FlightHead Judge(Flight flight, in ArrivedHead arrived, FlightKey? shared)
    {
        HttpDate.Ensure(arrived.Headers, arrived.ResponseTime);
        if (flight.Plan.Slice is { } slice)
            return SliceReception.Judge(flight, slice, arrived);
        if (arrived.Status == StatusCodes.Status304NotModified && flight.Base is { } held)
            return Confirm(flight, held, arrived);

        var head = Response(flight, arrived);
        if (InSlices(flight, head) is { } sliced)
            head = sliced;
        if (!head.Shareable && shared is { } key)
        {
            board.Withdraw(key, flight);
            if (head.Verdict != StoreVerdict.Stored || head.NotStored is Deception.Detail)
                board.MarkUnshareable(key);
        }
        if (head.NotStored is not null && !head.Shareable)
            flight.Body.StopKeeping();
        if (arrived.Length is { } length)
            flight.Body.Expect(length);
        return head;
    }

    /// <summary>The body has arrived to its end: stores what may be stored, then lets those who read it know.</summary>
    /// <param name="flight">Whose body it is.</param>
    /// <param name="head">As it was judged.</param>
    /// <param name="unseen">Bytes at its end that are written, but not shown to those who read it.</param>
    public void Complete(Flight flight, FlightHead head, int unseen = 0)
    {
        if (head.NotStored is null && flight.Body.ToStored(unseen) is { } body)
        {
            var entry = flight.Plan.Slice is { } slice
                ? new StoredSlice(flight, slice, body)
                : new StoredResponse(flight, head.Status, head.Headers, body, head.Freshness, head.Vary);
            store.Put(entry, flight);
        }
        if (unseen > 0)
            flight.Body.Advance(unseen);
        flight.Body.Complete();
    }

    private FlightHead Response(Flight flight, in ArrivedHead arrived)
    {
        var plan = flight.Plan;
        IHeaderDictionary headers = arrived.Headers;
        var groups = CacheGroups.Of(headers[CacheGroups.Field]);
        var overtaken = state.Index.Overtakes(flight, groups);
        var control = CacheControl.OfResponse(headers);
        var verdict = StoreRules.Judge("GET", plan.Visitor, arrived.Status, headers, control, plan.RuleTtl);
        var freshness = StoredFreshness.Of(headers, arrived.Status, arrived.RequestTime, arrived.ResponseTime, plan.RuleTtl);
        // Judged by itself: whatever else forbids to store it, it is for nobody who waits.
        var isSomebodys = !freshness.Lifetime.IsExplicit && Deception.IsLikely(flight.Fetched.Path, headers);
        var notStored =
            verdict != StoreVerdict.Stored ? Kebab(verdict)
            : flight.NotStored is not null ? flight.NotStored
            : !arrived.EndsItself && arrived.Status != 204 ? "length-unknown"
            : AlwaysOnline.Spares(plan, arrived.Failure, arrived.Status) ? "always-online"
            : groups.Length > CacheGroups.Most ? "too-many-groups"
            : isSomebodys ? Deception.Detail
            // After all else that forbids it: a body that is only too large may be kept in slices.
            : arrived.Length > largestStoredBody ? "too-large"
            : Overtaken(flight);
        return new(FlightEnd.Response)
        {
            Status = arrived.Status,
            Headers = headers,
            Length = arrived.Length,
            Freshness = freshness,
            Vary = VaryKey.Of(headers.Vary, plan.Visitor),
            Verdict = verdict,
            Failure = arrived.Failure,
            EndsItself = arrived.EndsItself,
            NotStored = notStored,
            // Some who wait may have come after the invalidation: nobody knew then that this fetch would bring a member.
            // And a page that is somebody's own is so for those who wait with them too.
            Shareable =
                !overtaken
                && verdict == StoreVerdict.Stored
                && !isSomebodys
                && freshness.Judge(default, arrived.ResponseTime) == ReuseVerdict.Fresh,
        };
    }

    /// <summary>
    /// A body that is too large to be stored whole, of an origin that says it serves byte ranges, under a strong entity tag: its head is stored, and the fetch ends
    /// here. Null: as it is.
    /// </summary>
    private FlightHead? InSlices(Flight flight, FlightHead head)
    {
        if (head is not { NotStored: "too-large", Status: StatusCodes.Status200OK, Length: { } length })
            return null;
        if (Validators.StrongETag(head.Headers) is not { } tag || !ByteRanges.AreServed(head.Headers))
            return null;
        if (board.IsUnsliceable(new FlightKey(flight.Key, Codings.Normalise(flight.Plan.Visitor.AcceptEncoding))))
            return null;
        var body = StoredBody.InSlices(new SlicedBody(tag, length));
        var entry = new StoredResponse(flight, head.Status, head.Headers, body, head.Freshness, head.Vary);
        // Refused by the fence, it still answers those who waited: their slices are fetched, and judged, one by one.
        var stored = store.Put(entry, flight);
        return head with { End = FlightEnd.Sliced, Entry = entry, NotStored = stored ? null : Overtaken(flight) ?? "too-large" };
    }

    /// <summary>What came since the fetch began, so that Cache-Status does not say "stored" of what the fence will refuse; null: nothing so far.</summary>
    private string? Overtaken(Flight flight) =>
        Fence.Test(state.Current, flight).Reason switch
        {
            FenceReason.Fresh => null,
            FenceReason.Purged => "purged",
            FenceReason.Invalidated => "invalidated",
            _ => "dropped",
        };

    /// <summary>A 304: tests the fence for what is stored and for this fetch, then puts the renewed response in its place (RFC 9111 §4.3.4).</summary>
    private FlightHead Confirm(Flight flight, StoredResponse held, in ArrivedHead arrived)
    {
        var plan = flight.Plan;
        if (!Fence.Test(state.Current, held).MayBeUsed || !Freshening.Confirms(held.Headers, arrived.Headers, plan.NeedsConfirmation))
            return new(FlightEnd.BaseLost);

        IHeaderDictionary headers = Freshening.Of(held.Headers, arrived.Headers);
        if (state.Index.Overtakes(flight, CacheGroups.Of(headers[CacheGroups.Field])))
            return new(FlightEnd.BaseLost);
        var freshness = StoredFreshness.Of(headers, held.Status, arrived.RequestTime, arrived.ResponseTime, plan.RuleTtl);
        // The bytes are those of the first fetch, and so is the stamp: the earliest counts.
        var entry = new StoredResponse(held, held.Status, headers, held.Body, freshness, VaryKey.Of(headers.Vary, plan.Visitor));
        var verdict = StoreRules.Judge("GET", plan.Visitor, held.Status, headers, CacheControl.OfResponse(headers), plan.RuleTtl);
        if (verdict == StoreVerdict.Stored && flight.NotStored is null)
            store.Put(entry, flight);
        else
            state.Index.Remove(held);
        return new(FlightEnd.Confirmed)
        {
            Status = held.Status,
            Headers = headers,
            Freshness = freshness,
            Vary = entry.Vary,
            Entry = entry,
            Verdict = verdict,
            NotStored = verdict == StoreVerdict.Stored ? flight.NotStored : Kebab(verdict),
            Shareable = verdict == StoreVerdict.Stored && freshness.Judge(default, arrived.ResponseTime) == ReuseVerdict.Fresh,
        };
    }

    internal static string Kebab(StoreVerdict verdict) =>
        verdict switch
        {
            StoreVerdict.RequestNoStore => "request-no-store",
            StoreVerdict.NotUnderstood => "not-understood",
            StoreVerdict.NoStore => "no-store",
            StoreVerdict.SetCookie => "set-cookie",
            StoreVerdict.VaryStar => "vary-star",
            StoreVerdict.RuleNeverStores => "rule-never-stores",
            StoreVerdict.NothingToReuse => "nothing-to-reuse",
            _ => verdict.ToString().ToLowerInvariant(),
        };
}
