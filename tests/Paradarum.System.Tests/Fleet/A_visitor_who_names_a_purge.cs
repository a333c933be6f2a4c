using Paradarum.Testing;

namespace Paradarum.SystemTests.Fleet;

/// <summary>Contract part 2, <c>X-Purge-Position</c>: read your purge.</summary>
public sealed class A_visitor_who_names_a_purge
{
    private const string Position = "X-Purge-Position";

    [Fact]
    public async Task Gets_new_bytes_from_a_PoP_that_has_not_heard_of_it_and_nobody_else_does_through_a_forged_name()
    {
        await using var fleet = await TestFleet.StartAsync();
        var (near, far) = (fleet.Pops[0], fleet.Pops[1]);
        fleet.Serves("old");
        await near.VisitAsync("/page");
        await far.VisitAsync("/page");

        far.Link.Freeze();
        fleet.Serves("new");
        var purge = await fleet.PurgeAsync("Path", "/page");
        await fleet.WhenAppliedAsync(near, purge);
        var purgeId = purge[(purge.LastIndexOf('/') + 1)..];

        // Another character in its MAC, whatever it was.
        var forged = $"{purgeId[..^2]}{(purgeId[^2] == 'A' ? 'B' : 'A')}{purgeId[^1]}";

        (await far.VisitAsync("/page", (Position, forged))).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("HIT", "a name with a bad MAC is ignored"),
            visit => visit.Body.ShouldBe("old")
        );
        (await far.VisitAsync("/page", (Position, purgeId))).Body.ShouldBe("new");
        fleet.Origin.Last[Position].ShouldBeNull();
        (await near.VisitAsync("/page", (Position, purgeId))).Body.ShouldBe("new");
        far.Link.Restore();
        (await fleet.ReceiptAsync(purge, "60s"))["state"]!.GetValue<string>().ShouldBe("complete");
    }
}
