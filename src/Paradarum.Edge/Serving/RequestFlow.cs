using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Answers one visit, from the store or from upstream. The order of the steps is the guarantee: see design section 3.</summary>
internal sealed class RequestFlow(NodeState state, FlightBoard board, Fetcher fetcher, PassThrough passThrough, Answers answers)
{
    /// <summary>Rounds in which a visit may share a fetch; after them it makes one of its own, so that no visit circles for ever.</summary>
    private const int SharedRounds = 3;

    public async Task AnswerAsync(Visit visit)
    {
        // 1. What is never stored nor answered from the store goes straight through.
        if (Unstorable(visit) is { } through)
        {
            await passThrough.SendAsync(visit, through);
            return;
        }

        var key = new FlightKey(visit.Key, Codings.Normalise(visit.Headers.AcceptEncoding));
        for (var round = 0; ; round++)
        {
            // 2. The store: what the fence lets pass and the request selects.
            var found = Lookup(visit);
            if (found.Entry is { } entry && AnswerWithoutAsking(visit, entry, out var decision))
            {
                EvictionQueue.Hit(entry);
                if (decision.Served == Served.Stale)
                    RefreshInBackground(visit, entry, key);
                await answers.FromStoreAsync(visit, entry, decision);
                return;
            }

            // 3. Nothing usable: what cannot be shared or cut goes through, the rest is fetched.
            var forward = found.Forward;
            if (visit.Control.Has(Directives.OnlyIfCached))
            {
                await answers.RefuseAsync(
                    visit.Context,
                    StatusCodes.Status504GatewayTimeout,
                    "Not stored here, and the request said only-if-cached."
                );
                return;
            }
            if (visit.Headers.Range.Count > 0 || (found.Entry is null && board.IsUnshareable(key)))
            {
                var why = visit.Headers.Range.Count > 0 ? "range-not-stored" : "not-shareable";
                await passThrough.SendAsync(visit, new(Served.Bypass, forward.Forward) { Detail = why });
                return;
            }

            // 4. Join the fetch that is under way, or begin one, under the fence.
            var about = Conditional(visit, found.Entry, round);
            if (await FetchAsync(visit, about, key, round, forward, found.Entry))
                return;
        }
    }

    /// <summary>Why a request is forwarded as it is; null when it may meet the store.</summary>
    private static Decision? Unstorable(Visit visit)
    {
        var request = visit.Context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return new(Served.Bypass, Forward.Method);
        if (visit.Property.PassThrough || visit.Snapshot.PassThroughAll)
            return new(Served.Bypass, Forward.Bypass) { Detail = "configuration-not-understood" };
        if (visit.Rule is { TtlSeconds: 0 })
            return new(Served.Bypass, Forward.Bypass) { Detail = "rule-never-stores" };
        if (visit.Rule is not null && CacheRuleSet.Bypasses(visit.Rule, visit.Headers))
            return new(Served.Bypass, Forward.Bypass) { Detail = "bypass-cookie" };
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0 || Upgrades(visit.Headers))
            return new(Served.Bypass, Forward.Request) { Detail = "body-or-upgrade" };
        if (visit.Headers.IfMatch.Count > 0 || visit.Headers.IfUnmodifiedSince.Count > 0)
            return new(Served.Bypass, Forward.Request) { Detail = "precondition" };
        return null;
    }

    /// <summary>An offer of h2c is not taken up, which is any server's right (RFC 9110 §7.8); every other upgrade is the origin's matter.</summary>
    private static bool Upgrades(IHeaderDictionary headers) =>
        headers.Upgrade.Count > 0 && !headers.Upgrade.ToString().Trim().Equals("h2c", StringComparison.OrdinalIgnoreCase);

    /// <summary>Finds the stored response for a visit. A purged one is taken out and is not returned, for no use whatsoever.</summary>
    private (StoredResponse? Entry, (Forward Forward, string? Detail) Forward) Lookup(Visit visit)
    {
        if (visit.UsesNoStore)
            return (null, (Forward.Miss, "behind"));
        var current = state.Current;
        StoredResponse? best = null;
        var (stored, purged) = (false, false);
        foreach (var variant in state.Index.Find(visit.Property.Id, visit.Key) is { } resource ? resource.Variants : [])
        {
            var entry = (StoredResponse)variant;
            var verdict = Fence.Test(current, entry);
            if (!verdict.MayBeUsed)
            {
                state.Remove(entry, verdict);
                purged = true;
                continue;
            }
            stored = true;
            if (!entry.Vary.Matches(visit.Headers))
                continue;
            if (visit.Headers.Authorization.Count > 0 && !entry.Freshness.AllowsAuthorized)
                continue;
            if (best is null || entry.Freshness.ResponseTime > best.Freshness.ResponseTime)
                best = entry;
        }
        if (best is not null)
            return (best, Asked(visit, best));
        if (stored)
            return (null, (Forward.VaryMiss, null));
        return (null, purged ? (Forward.Miss, "purged") : (Forward.UriMiss, null));
    }

    /// <summary>Why upstream is asked about something that is stored, should it come to that.</summary>
    private static (Forward Forward, string? Detail) Asked(Visit visit, StoredResponse entry)
    {
        if (visit.NeedsConfirmation)
            return (Forward.Stale, "fenced");
        var verdict = entry.Freshness.Judge(visit.Control, visit.Now);
        return (verdict == ReuseVerdict.AskedToRevalidate ? Forward.Request : Forward.Stale, null);
    }

    /// <summary>Whether what is stored may be served on this node's own word, and as what.</summary>
    private static bool AnswerWithoutAsking(Visit visit, StoredResponse entry, out Decision decision)
    {
        decision = default;
        // G5: a fenced node serves nothing from its store before upstream confirmed it.
        if (visit.NeedsConfirmation)
            return false;
        var verdict = entry.Freshness.Judge(visit.Control, visit.Now);
        decision = new(verdict == ReuseVerdict.Fresh ? Served.Hit : Served.Stale) { Ttl = entry.Freshness.TtlAt(visit.Now) };
        return verdict switch
        {
            ReuseVerdict.Fresh => true,
            ReuseVerdict.StaleAccepted => true,
            // Ends with the grace (design section 3): a fenced shield may not even for an unmarked request.
            ReuseVerdict.StaleWhileRevalidate => visit.Lease != LeaseState.Fenced,
            _ => false,
        };
    }

    /// <summary>What a fetch may ask about: something with a validator, on a fenced node with a strong tag; after a lost base nothing.</summary>
    private static StoredResponse? Conditional(Visit visit, StoredResponse? entry, int round)
    {
        if (entry is null || round > 0 || entry.Status != StatusCodes.Status200OK)
            return null;
        var usable = visit.NeedsConfirmation ? Validators.StrongETag(entry.Headers) is not null : Validators.Has(entry.Headers);
        return usable ? entry : null;
    }

    private void RefreshInBackground(Visit visit, StoredResponse entry, FlightKey key)
    {
        var current = state.Current;
        var open = board.Find(key);
        if (open is null || !Joinable(visit, current, open))
            fetcher.Begin(FetchPlan.Of(visit), Conditional(visit, entry, round: 0), key, open, background: true);
    }

    /// <summary>One round: true when the visitor was answered.</summary>
    private async Task<bool> FetchAsync(
        Visit visit,
        StoredResponse? about,
        FlightKey key,
        int round,
        (Forward Forward, string? Detail) forward,
        StoredResponse? stale
    )
    {
        // Its answer may be meant for this visitor alone, so nobody waits for it and it waits for nobody.
        var alone = round >= SharedRounds || visit.Headers.Authorization.Count > 0 || RequestForbidsStoring(visit);
        var (flight, reader, leads) = alone ? Begin(visit, about, null, null)!.Value : await JoinOrBeginAsync(visit, about, key);
        using (reader)
        {
            var head = await flight.Head.WaitAsync(visit.Context.RequestAborted);
            if (head.End == FlightEnd.Failed || (head.End == FlightEnd.Response && StoredFreshness.IsError(head.Status)))
            {
                if (await AnswerStaleAsync(visit, stale, head))
                    return true;
            }
            if (head.End == FlightEnd.Failed)
            {
                await answers.FailedAsync(visit, head.Failure, forward.Forward);
                return true;
            }
            if (head.End == FlightEnd.BaseLost || (!leads && !(head.Shareable && head.Vary.Matches(visit.Headers))))
                return false;

            var decision = new Decision(head.End == FlightEnd.Confirmed ? Served.Revalidated : Served.Miss, forward.Forward)
            {
                Stored = head.NotStored is null,
                Collapsed = !leads,
                Detail = head.NotStored ?? forward.Detail,
                ForwardStatus = head.End == FlightEnd.Confirmed ? StatusCodes.Status304NotModified : head.Status,
                Ttl = head.NotStored is null ? head.Freshness.TtlAt(visit.Now) : null,
            };
            if (head.End == FlightEnd.Confirmed)
                await answers.FromStoreAsync(visit, head.Entry!, decision);
            else
                await answers.FromFlightAsync(visit, head, reader!, decision);
            return true;
        }
    }

    /// <summary>RFC 5861 §4: a failure upstream is answered with what is stored, where the origin allowed it, the grace runs and no purge took it.</summary>
    private async Task<bool> AnswerStaleAsync(Visit visit, StoredResponse? stale, FlightHead failed)
    {
        if (stale is null || visit.Lease == LeaseState.Fenced || !stale.Freshness.MayAnswerForError(visit.Now))
            return false;
        // Swept meanwhile, its rule may have retired: then the fence no longer knows, but the index does.
        if (!Fence.Test(state.Current, stale).MayBeUsed || stale.IsRemoved)
            return false;
        var decision = new Decision(Served.Stale, Forward.Stale)
        {
            ForwardStatus = failed.Status,
            Ttl = stale.Freshness.TtlAt(visit.Now),
            Detail = "stale-if-error",
        };
        await answers.FromStoreAsync(visit, stale, decision);
        return true;
    }

    private async ValueTask<(Flight Flight, GrowingBody.Reader? Reader, bool Leads)> JoinOrBeginAsync(
        Visit visit,
        StoredResponse? about,
        FlightKey key
    )
    {
        while (true)
        {
            // Read before the fetch is found: a rule that retires in between would not be seen, while its fetch is already in hand.
            var current = state.Current;
            var open = board.Find(key);
            if (open is not null && Joinable(visit, current, open) && open.Body.Join() is { } place)
                return (open, place, Leads: false);
            // One that began before this request is not joined, but waited for: those who wait share the next one, so the herd stays bounded.
            if (open is not null && visit.JoinsNoEarlierFetch && !open.Head.IsCompleted && open.Order <= visit.ArrivedAfter)
            {
                await open.Head.WaitAsync(visit.Context.RequestAborted);
                continue;
            }
            if (Begin(visit, about, key, open) is { } begun)
                return begun;
        }
    }

    private (Flight Flight, GrowingBody.Reader? Reader, bool Leads)? Begin(
        Visit visit,
        StoredResponse? about,
        FlightKey? key,
        Flight? former
    )
    {
        var begun = fetcher.Begin(FetchPlan.Of(visit), about, key, former, background: false);
        return begun is { } made ? (made.Flight, made.Reader, Leads: true) : null;
    }

    /// <summary>Nobody joins a fetch that began before a rule that matches it, that another generation made, or that began before a request which must not trust it.</summary>
    internal static bool Joinable(Visit visit, NodeSnapshot current, Flight open) =>
        open.PropertyId == visit.Property.Id
        && (!visit.JoinsNoEarlierFetch || Serves(visit, open))
        && (!open.Head.IsCompletedSuccessfully || open.Head.Result.Shareable)
        && Fence.Test(current, open).MayBeUsed;

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

    private static bool RequestForbidsStoring(Visit visit) => CacheControl.Parse(visit.Headers.CacheControl).Has(Directives.NoStore);
}
