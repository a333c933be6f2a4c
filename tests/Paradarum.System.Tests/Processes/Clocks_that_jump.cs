using System.Globalization;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>Design section 3, Leases: measured by a clock that counts suspended time and that nobody sets. The wall clock of real processes jumps by hours here.</summary>
public sealed class Clocks_that_jump
{
    private const string ADay = "Cache-Control: max-age=864000";

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task Neither_lengthen_a_lease_that_is_over(int hours)
    {
        await using var fleet = await StartAsync(grace: "600ms");
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);

        pop.Link.Cut();
        fleet.Serves("new", ADay);
        Jump(fleet, hours, "control", pop.Name);
        // Complete by the control plane's count, within lease, grace and 2 %; far less than it has by the wall.
        var receipt = await fleet.ReceiptAsync(await fleet.PurgeAsync("Path", "/page"), "20s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete");
        ProcessFleet.StateOf(receipt, pop).ShouldBe("fenced");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new", "the node's own count ended first");
        IsOff(receipt, hours);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task Nor_shorten_one_that_runs(int hours)
    {
        await using var fleet = await StartAsync(grace: "5m");
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);

        pop.Link.Cut();
        Jump(fleet, hours, "control", pop.Name);
        fleet.Serves("new", ADay);
        var receipt = await fleet.ReceiptAsync(await fleet.PurgeAsync("Path", "/page"), "3s");
        receipt["state"]!.GetValue<string>().ShouldNotBe("complete", "its grace runs for five minutes");
        ProcessFleet.StateOf(receipt, pop).ShouldBe("owed");
        IsOff(receipt, hours);
        // Owed, it serves on its own word what it has; only by its wall clock has the page aged.
        var visit = await pop.VisitAsync("/page");
        (visit.Body, visit.Cache).ShouldBe(("old", "HIT"));
        if (hours > 0)
            int.Parse(visit.Headers["Age"], CultureInfo.InvariantCulture).ShouldBeGreaterThan(7000, "the node's clock did jump");

        pop.Link.Restore();
        (await fleet.ReceiptAsync(await fleet.PurgeAsync("All"), "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
    }

    private static async Task<ProcessFleet> StartAsync(string grace)
    {
        Assert.SkipWhen(
            FakedClock.Compiler is null,
            "Not run: there is no C compiler (apt-get install gcc libc6-dev; ./test does it as root)."
        );
        return await ProcessFleet.StartAsync(
            new ProcessFleetOptions
            {
                Shields = 0,
                Grace = grace,
                FakesClocks = true,
            }
        );
    }

    private static async Task StoreOldAsync(ProcessFleet fleet, EdgeProcess pop)
    {
        fleet.Serves("old", ADay);
        await pop.VisitAsync("/page");
        (await pop.VisitAsync("/page")).Cache.ShouldBe("HIT");
    }

    private static void Jump(ProcessFleet fleet, int hours, params string[] names)
    {
        foreach (var name in names)
            fleet.ClockOf(name).JumpTo(TimeSpan.FromHours(hours));
    }

    /// <summary>The control plane's clock did jump: the receipt's times are its.</summary>
    private static void IsOff(System.Text.Json.Nodes.JsonObject receipt, int hours)
    {
        var accepted = DateTimeOffset.Parse(receipt["acceptedAt"]!.GetValue<string>(), CultureInfo.InvariantCulture);
        (accepted - TimeProvider.System.GetUtcNow()).TotalHours.ShouldBe(hours, 0.1);
    }
}
