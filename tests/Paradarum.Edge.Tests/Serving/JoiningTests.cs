using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>
/// A fetch that began after a request may still be of use to others only: another visitor began it, who arrived under other conditions (design section 3, G4 and Leases).
/// </summary>
public sealed class A_fetch_that_began_after_a_request
{
    [Fact]
    public async Task Is_joined_by_a_fenced_one_only_when_it_asks_for_confirmation_too()
    {
        await using var site = await OnePop.StartAsync();
        var fenced = Visits.Of(site, LeaseState.Fenced);
        Joins(site, fenced, Begun(site, Plan(site) with { NeedsConfirmation = false })).ShouldBeFalse();
        Joins(site, fenced, Begun(site, Plan(site) with { NeedsConfirmation = true })).ShouldBeTrue();
        Joins(site, fenced, Begun(site, Plan(site) with { NeedsConfirmation = true }, order: Visits.Arrived)).ShouldBeFalse();
        Joins(site, Visits.Of(site, LeaseState.Owed), Begun(site, Plan(site), order: Visits.Arrived)).ShouldBeTrue();
    }

    [Fact]
    public async Task Is_joined_by_one_that_a_shield_is_behind_only_when_it_asks_about_nothing_stored()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("old", "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page");
        var held = (StoredResponse)site.Pop.State.Index.Entries(Site.Id).Single();
        var tier = new TierRequest(site.Log.Epoch, Site.Id, site.Log.Head + 1, 1, Validate: false, "http", "pop1");
        var behind = Visits.Of(site, LeaseState.Leased, tier);
        Joins(site, behind, Begun(site, Plan(site), about: held)).ShouldBeFalse();
        Joins(site, behind, Begun(site, Plan(site))).ShouldBeTrue();
        // Who is not behind shares the confirmation.
        Joins(site, Visits.Of(site, LeaseState.Leased), Begun(site, Plan(site), about: held)).ShouldBeTrue();
    }

    [Fact]
    public async Task Is_joined_by_one_that_names_a_purge_only_when_it_carries_or_knows_that_position()
    {
        await using var site = await OnePop.StartAsync();
        var purge = site.Log.Head + 1;
        var naming = Visits.Of(site, LeaseState.Leased, promised: purge);
        Joins(site, naming, Begun(site, Plan(site))).ShouldBeFalse();
        Joins(site, naming, Begun(site, Plan(site) with { Promised = purge - 1 })).ShouldBeFalse();
        Joins(site, naming, Begun(site, Plan(site) with { Promised = purge })).ShouldBeTrue();
        Joins(site, naming, Begun(site, Plan(site), stamp: purge)).ShouldBeTrue();
    }

    private static bool Joins(OnePop site, HttpVisit visit, Flight open) => Joining.MayJoin(visit, site.Pop.State.Current, open);

    private static Flight Begun(
        OnePop site,
        FetchPlan plan,
        long order = Visits.Arrived + 1,
        StoredResponse? about = null,
        ulong? stamp = null
    )
    {
        var snapshot = site.Pop.State.Current;
        var flight = new Flight(plan, order, new GrowingBody(bound: 1024, window: 1024)) { Base = about };
        flight.Begin(stamp ?? snapshot.Position, snapshot.Generation);
        return flight;
    }

    private static FetchPlan Plan(OnePop site) => FetchPlan.Of(Visits.Of(site, LeaseState.Leased));
}

/// <summary>Between a visitor's look at the store and its fetch, another's fetch may end: then it is stored, and nobody is found to join.</summary>
public sealed class A_fetch_that_ended_since_the_store_was_looked_at
{
    [Fact]
    public async Task Is_not_made_again_and_who_joined_the_second_one_looks_at_the_store()
    {
        await using var site = await OnePop.StartAsync();
        var (visit, other) = (Visits.Of(site, LeaseState.Leased), Visits.Of(site, LeaseState.Leased));
        Step.IsFreshlyStored(site.Pop.State, visit).ShouldBeFalse();
        await FetchedAsync(site, visit);

        Task<(Flight Flight, GrowingBody.Reader Reader, bool Leads)?>? joining = null;
        var fetch = await site.Pop.Fetches.JoinOrBeginAsync(
            visit,
            about: null,
            visit.Shared,
            () =>
            {
                joining ??= site.Pop.Fetches.JoinOrBeginAsync(other, about: null, other.Shared, () => false).AsTask();
                return Step.IsFreshlyStored(site.Pop.State, visit);
            }
        );
        fetch.ShouldBeNull();
        var joined = (await joining.ShouldNotBeNull()).ShouldNotBeNull();
        joined.Leads.ShouldBeFalse();
        var head = await joined.Flight.Head;
        head.End.ShouldBe(FlightEnd.Stored);
        Outcome.Of(other, head, leads: false, default, stale: null, site.Pop.State.Current).Kind.ShouldBe(OutcomeKind.Again);
        IsQuiet(site, visit).ShouldBeTrue();
        site.Origin.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Is_not_made_again_in_the_background()
    {
        await using var site = await OnePop.StartAsync();
        var visit = Visits.Of(site, LeaseState.Leased);
        await FetchedAsync(site, visit);
        site.Pop.Fetches.InBackground(visit, about: null, visit.Shared, () => Step.IsFreshlyStored(site.Pop.State, visit));
        IsQuiet(site, visit).ShouldBeTrue();
        site.Origin.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Holds_up_nobody_when_it_cannot_be_told()
    {
        await using var site = await OnePop.StartAsync();
        var visit = Visits.Of(site, LeaseState.Leased);
        var asked = site.Pop.Fetches.JoinOrBeginAsync(visit, about: null, visit.Shared, () => throw new InvalidOperationException("asked"));
        (await Should.ThrowAsync<InvalidOperationException>(asked.AsTask())).Message.ShouldBe("asked");
        IsQuiet(site, visit).ShouldBeTrue();
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task Leaves_one_fetch_for_each_page_of_a_herd()
    {
        await using var site = await OnePop.StartAsync();
        for (var page = 0; page < 300; page++)
        {
            var path = $"/{page}";
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => site.Visitor.GetAsync(path)));
            site.Origin.CountOf(path).ShouldBe(1);
        }
    }

    /// <summary>Another visitor's fetch, to its very end: its last byte is out before nobody finds it any more.</summary>
    private static async Task FetchedAsync(OnePop site, HttpVisit visit)
    {
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("MISS");
        await Eventually.Async(() => IsQuiet(site, visit));
    }

    private static bool IsQuiet(OnePop site, HttpVisit visit) =>
        site.Pop.Board.Find(visit.Shared) is null && !site.Pop.State.Index.Fetches(Site.Id).Any();
}

/// <summary>Changing what a cache key means must not leave a response under a key of the former meaning.</summary>
public sealed class A_change_of_the_query_mode
{
    [Fact]
    public async Task Lets_no_request_that_was_read_before_it_store_under_its_former_key()
    {
        await using var site = await OnePop.StartAsync(Modes.IgnoringQueries);
        site.Serves("five", "Cache-Control: max-age=1 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page?id=5");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(5));
        var gate = new Paradarum.Testing.Gate();
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request["If-None-Match"] is null)
            {
                await exchange.RespondAsync("five");
                return;
            }
            await gate.PassAsync();
            await exchange.NotModifiedAsync("ETag: \"v1\"");
        };
        // Read while queries did not count; what it asks about is purged on the way, so it fetches once more, after the change.
        var before = site.Visitor.GetAsync("/page?id=5");
        await gate.Arrived;
        site.Log.Configure(Site.Id, Site.At(site.Origin));
        site.Purge("All");
        gate.Open();
        (await before).Body.ShouldBe("five");

        site.Serves("plain");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("plain");
    }
}

internal static class Modes
{
    public static PropertyConfiguration IgnoringQueries(PropertyConfiguration site) =>
        site with
        {
            QueryMode = new QueryMode(QueryModeKind.IgnoreAll, []),
        };
}

/// <summary>Requests for one page, as the door reads them.</summary>
internal static class Visits
{
    public const long Arrived = 10;

    public static HttpVisit Of(OnePop site, LeaseState lease, TierRequest? tier = null, ulong promised = 0, string path = "/page")
    {
        CanonicalTarget.Parse(path).Ok(out var target, out _).ShouldBeTrue();
        var snapshot = site.Pop.State.Current;
        return new HttpVisit(new DefaultHttpContext())
        {
            Snapshot = snapshot,
            Property = snapshot.Properties[Site.Id],
            Target = target,
            Key = new CacheKey("http", Site.Host, target),
            Lease = lease,
            Now = site.Pop.Time.GetUtcNow(),
            Control = default(CacheControl),
            Rule = null,
            Tier = tier,
            ArrivedAfter = Arrived,
            Promised = promised,
        };
    }
}
