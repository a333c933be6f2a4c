using Paradarum.Edge.Freshness;
using Paradarum.Testing;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>RFC 9213.</summary>
public sealed class A_targeted_field
{
    [Fact]
    public async Task Governs_every_tier_and_goes_on_to_the_visitor()
    {
        await using var tiers = await TwoTiers.StartAsync();
        tiers.Serves("page", "Cache-Control: no-store | Expires: 0 | CDN-Cache-Control: max-age=60");
        var first = await tiers.Visitor.GetAsync("/page");
        var second = await tiers.Visitor.GetAsync("/page");
        (second.Cache, second.Headers["Cache-Control"], second.Headers["CDN-Cache-Control"]).ShouldBe(("HIT", "no-store", "max-age=60"));
        first.Headers["Cache-Status"].Split("stored").Length.ShouldBe(3, "both tiers stored it");
        tiers.Origin.CountOf("/page").ShouldBe(1);
    }

    [Fact]
    public async Task Forbids_what_the_general_one_allows()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("page", "Cache-Control: max-age=60 | CDN-Cache-Control: no-store");
        await site.Visitor.GetAsync("/page");
        await site.Visitor.GetAsync("/page");
        (site.Origin.CountOf("/page"), site.Pop.Store.Count).ShouldBe((2, 0));
    }

    [Fact]
    public async Task Says_how_long_a_stale_page_may_be_served()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("page", "Cache-Control: max-age=60 | CDN-Cache-Control: max-age=10, stale-while-revalidate=600");
        await site.Visitor.GetAsync("/page");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(30));
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("STALE");
    }
}

/// <summary>RFC 9211.</summary>
public sealed class The_Cache_Status_of_an_answer
{
    [Fact]
    public async Task Is_a_structured_field_with_one_member_for_each_node()
    {
        await using var tiers = await TwoTiers.StartAsync();
        var gate = new Gate();
        tiers.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await exchange.RespondAsync("page");
        };
        var herd = Enumerable.Range(0, 8).Select(_ => tiers.Visitor.GetAsync("/page")).ToArray();
        await gate.Arrived;
        gate.Open();
        var visits = await Task.WhenAll(herd);
        visits.Count(visit => visit.Headers["Cache-Status"].Contains("collapsed", StringComparison.Ordinal)).ShouldBeLessThan(8);
        foreach (
            var visit in visits
                .Append(await tiers.Visitor.SendAsync(HttpMethod.Post, "/page"))
                .Append(await tiers.Visitor.GetAsync("/page"))
        )
            Members(visit.Headers["Cache-Status"]).ShouldBe(["paradarum-shield1", "paradarum-pop1"]);
    }

    private static List<string> Members(string field)
    {
        var read = new StructuredField(field);
        var members = new List<string>();
        while (read.NextOfList())
        {
            read.Kind.ShouldBe(MemberKind.Token);
            members.Add(read.Value.ToString());
        }
        read.IsBroken.ShouldBeFalse(field);
        return members;
    }
}
