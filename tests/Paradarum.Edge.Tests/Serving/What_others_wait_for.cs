using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>A visitor who shares a fetch gets nothing that a fetch of their own would not have brought.</summary>
public sealed class What_others_wait_for
{
    [Fact]
    public async Task Is_no_page_of_somebody_under_the_name_of_a_file()
    {
        await using var site = await OnePop.StartAsync(site =>
            site.With(new CacheRule(@"\.(css|js)$", CacheRuleMatch.Regex, 2_592_000, []))
        );
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            var who = exchange.Request["Cookie"] ?? "nobody";
            await gate.PassAsync();
            await exchange.RespondAsync($"account of {who}", "Content-Type: text/html");
        };

        var victim = site.Visitor.GetAsync("/account/x.css", ("Cookie", "session=victim"));
        await gate.Arrived;
        var attacker = site.Visitor.GetAsync("/account/x.css");
        await Eventually.Async(() => site.Pop.Board.Visitors == 2, "both wait for the one fetch");
        gate.Open();

        (await victim).Body.ShouldBe("account of session=victim");
        (await attacker).Body.ShouldBe("account of nobody");
    }

    [Fact]
    public async Task Is_no_confirmed_response_that_was_purged_meanwhile_under_another_URL_of_its_key()
    {
        await using var site = await OnePop.StartAsync(site => site with { QueryMode = new QueryMode(QueryModeKind.IgnoreAll, []) });
        site.Serves("old", "Cache-Control: max-age=60 | ETag: \"v1\"");
        await site.Visitor.GetAsync("/page?x=1");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));
        var (state, board) = (site.Pop.State, site.Pop.Board);
        var held = (StoredResponse)state.Index.Entries(Site.Id).Single();
        var first = VisitTo(site, "/page?y=2");
        var plan = FetchPlan.Of(first, held);
        var begun = Fetching
            .Begin(state, board, plan, new GrowingBody(1 << 20, 1 << 20), held, first.Shared, null, background: false)!
            .Value;
        var now = site.Pop.Time.GetUtcNow();
        var fields = new HeaderDictionary { ["ETag"] = "\"v1\"", ["Cache-Control"] = "max-age=60" };
        var head = new Reception(state, site.Pop.Store, board, 1 << 20).Judge(
            begun.Flight,
            new ArrivedHead(StatusCodes.Status304NotModified, fields, null, true, now, now),
            first.Shared
        );
        head.End.ShouldBe(FlightEnd.Confirmed);

        // Confirmed, and not told yet: a purge that the fetch itself does not match, and a visitor after it.
        site.Purge("Regex", "x=1", "contains");
        var late = VisitTo(site, "/page?z=3");
        var step = Step.Next(state, board, late, 0);
        Joining.MayJoin(late, state.Current, board.Find(late.Shared)!).ShouldBeTrue();
        begun.Flight.Tell(head);

        Outcome.Of(late, head, leads: false, step.Decision, step.Entry, state.Current).Kind.ShouldBe(OutcomeKind.Again);
        Fetching.End(state, board, begun.Flight, first.Shared);
    }

    private static HttpVisit VisitTo(OnePop site, string url)
    {
        var snapshot = site.Pop.State.Current;
        var property = snapshot.Properties[Site.Id];
        CanonicalTarget.Parse(url).Ok(out var target, out _).ShouldBeTrue();
        return new HttpVisit(new DefaultHttpContext())
        {
            Snapshot = snapshot,
            Property = property,
            Target = target,
            Key = new CacheKey("http", Site.Host, property.Configuration.QueryMode.Apply(target)),
            Lease = LeaseState.Leased,
            Now = site.Pop.Time.GetUtcNow(),
            Control = default,
            Rule = null,
            ArrivedAfter = site.Pop.Board.Mark,
        };
    }
}
