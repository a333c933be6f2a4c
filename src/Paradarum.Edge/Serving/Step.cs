using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Serving;

/// <summary>What is to be done for a visit next.</summary>
internal enum StepKind
{
    /// <summary>Answer from the store; refresh it in the background when the decision says stale.</summary>
    FromStore,

    /// <summary>Forward the request as it is.</summary>
    PassThrough,

    /// <summary>Nothing usable is stored, and the request wants nothing else: 504.</summary>
    OnlyIfCached,

    /// <summary>Join a fetch or begin one.</summary>
    Fetch,
}

/// <summary>
/// The next step of a visit, decided without I/O from the store, the fence and the lease (design section 3). The order of the questions is the guarantee. The
/// shell carries it out and asks again when a fetch did not answer.
/// </summary>
/// <param name="Kind">What to do.</param>
/// <param name="Decision">For the answer, or why upstream is asked.</param>
/// <param name="Entry">What is stored: the answer, or what may stand in for a failure upstream.</param>
/// <param name="About">What a fetch may ask about; null: it asks for the whole.</param>
internal readonly record struct Step(StepKind Kind, Decision Decision, StoredResponse? Entry = null, StoredResponse? About = null)
{
    /// <param name="state">The node's.</param>
    /// <param name="board">The node's.</param>
    /// <param name="visit">Who asks.</param>
    /// <param name="round">How many fetches have not answered it so far.</param>
    public static Step Next(NodeState state, FlightBoard board, Visit visit, int round)
    {
        // 1. The store: what the fence lets pass and the request selects.
        var (entry, forward) = Find(state, visit);
        if (entry is not null && AnswersAlone(visit, entry, out var decision))
            return new(StepKind.FromStore, decision, entry);

        if (entry is not null && AlwaysOnline.MayBeServedMeanwhile(state, board, visit, entry))
            return new(StepKind.FromStore, Meanwhile(visit, entry), entry);

        // 2. Nothing usable: what cannot be shared or cut goes through.
        if (visit.Control.Has(Directives.OnlyIfCached))
            return new(StepKind.OnlyIfCached, forward);
        if (entry is null && PassesRange(board, visit, round))
            return new(StepKind.PassThrough, new(Served.Bypass, forward.Forward) { Detail = "range-not-stored" });
        if (entry is null && board.IsUnshareable(visit.Shared))
            return new(StepKind.PassThrough, new(Served.Bypass, forward.Forward) { Detail = "not-shareable" });

        // 3. The rest is fetched.
        return new(StepKind.Fetch, forward, entry, AskedAbout(visit, entry, round));
    }

    /// <summary>Whether a hit is stored for it by now.</summary>
    public static bool IsFreshlyStored(NodeState state, Visit visit) =>
        Find(state, visit).Entry is { } entry && AnswersAlone(visit, entry, out var decision) && decision.Served == Served.Hit;

    private static Decision Meanwhile(Visit visit, StoredResponse entry) =>
        new(Served.Stale) { Ttl = entry.Freshness.TtlAt(visit.Now), Detail = "always-online" };

    /// <summary>Why a request is forwarded as it is, before the store is looked at; null when it may meet the store.</summary>
    public static Decision? Unstorable(Visit visit)
    {
        if (!HttpMethods.IsGet(visit.Method) && !HttpMethods.IsHead(visit.Method))
            return new(Served.Bypass, Forward.Method);
        if (visit.Property.PassThrough || visit.Snapshot.PassThroughAll)
            return new(Served.Bypass, Forward.Bypass)
            {
                Detail = visit.Snapshot.Epoch.Length == 0 ? "no-log" : "configuration-not-understood",
            };
        if (ReferenceEquals(visit.Rule, CacheRuleSet.Undecided))
            return new(Served.Bypass, Forward.Bypass) { Detail = "rule-too-slow" };
        if (visit.Rule is { TtlSeconds: 0 })
            return new(Served.Bypass, Forward.Bypass) { Detail = "rule-never-stores" };
        if (visit.Rule is not null && KeyedParts.Bypasses(visit.Rule, visit.Headers))
            return new(Served.Bypass, Forward.Bypass) { Detail = "bypass-cookie" };
        if (visit.Headers.ContentLength > 0 || visit.Headers.TransferEncoding.Count > 0 || Upgrades(visit.Headers))
            return new(Served.Bypass, Forward.Request) { Detail = "body-or-upgrade" };
        if (visit.Headers.IfMatch.Count > 0 || visit.Headers.IfUnmodifiedSince.Count > 0)
            return new(Served.Bypass, Forward.Request) { Detail = "precondition" };
        return null;
    }

    /// <summary>
    /// A part of what is not stored is cut out of a fetch of the whole, which serves those who want other parts. Not where that fetch would serve this visitor alone,
    /// or where it was tried lately and nothing could be cut.
    /// </summary>
    private static bool PassesRange(FlightBoard board, Visit visit, int round) =>
        visit.Headers.Range.Count > 0
        && HttpMethods.IsGet(visit.Method)
        && (visit.UsesNoStore || Joining.IsAlone(visit, round) || board.IsUncut(visit.Shared));

    /// <summary>What a fetch may ask about: something with a validator, on a fenced node with a strong tag; after a lost base nothing.</summary>
    public static StoredResponse? AskedAbout(Visit visit, StoredResponse? entry, int round)
    {
        if (entry is null || round > 0 || entry.Status != StatusCodes.Status200OK)
            return null;
        var usable = visit.NeedsConfirmation ? Validators.StrongETag(entry.Headers) is not null : Validators.Has(entry.Headers);
        return usable ? entry : null;
    }

    /// <summary>An offer of h2c is not taken up, which is any server's right (RFC 9110 §7.8); every other upgrade is the origin's matter.</summary>
    private static bool Upgrades(IHeaderDictionary headers) =>
        headers.Upgrade.Count > 0 && !headers.Upgrade.ToString().Trim().Equals("h2c", StringComparison.OrdinalIgnoreCase);

    /// <summary>Finds the stored response for a visit. A purged one is taken out and is not returned, for no use whatsoever.</summary>
    private static (StoredResponse? Entry, Decision Forward) Find(NodeState state, Visit visit)
    {
        if (visit.UsesNoStore)
            return (null, new(Served.Miss, Forward.Miss) { Detail = "behind" });
        var current = state.Current;
        StoredResponse? best = null;
        var (stored, purged) = (false, false);
        foreach (var variant in state.Index.Find(visit.Property.Id, visit.Key) is { } resource ? resource.Variants : default)
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
            return (null, new(Served.Miss, Forward.VaryMiss));
        return (null, purged ? new(Served.Miss, Forward.Miss) { Detail = "purged" } : new(Served.Miss, Forward.UriMiss));
    }

    /// <summary>Why upstream is asked about something that is stored, should it come to that.</summary>
    private static Decision Asked(Visit visit, StoredResponse entry)
    {
        if (visit.NeedsConfirmation)
            return new(Served.Miss, Forward.Stale) { Detail = "fenced" };
        var verdict = entry.Freshness.Judge(visit.Control, visit.Now);
        return new(Served.Miss, verdict == ReuseVerdict.AskedToRevalidate ? Forward.Request : Forward.Stale);
    }

    /// <summary>Whether what is stored may be served on this node's own word, and as what.</summary>
    private static bool AnswersAlone(Visit visit, StoredResponse entry, out Decision decision)
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
}
