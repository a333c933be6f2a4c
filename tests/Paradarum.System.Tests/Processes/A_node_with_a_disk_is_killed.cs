using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>G2, G5 and the two cursors (design section 3) against real processes that are killed: what a PoP kept on disk is used again, what was purged is not.</summary>
public sealed class A_node_with_a_disk_is_killed
{
    private static readonly ProcessFleetOptions WithDisk = new() { Edge = ["--disk-size", "64MiB"] };

    [Fact]
    public async Task And_serves_what_it_had_stored_but_nothing_that_was_purged_while_it_was_down()
    {
        await using var fleet = await ProcessFleet.StartAsync(WithDisk);
        var pop = fleet.Pops[0];
        fleet.Serves("old");
        for (var n = 0; n < 20; n++)
            await pop.VisitAsync($"/page/{n}");
        await WrittenAsync(pop, 20);

        await pop.Process.KillAsync();
        fleet.Serves("new");
        var purge = await fleet.PurgeAsync("Path", "/page/0");
        await fleet.PurgeAsync("Regex", "/page/1$");
        pop.Launch();
        await pop.ReadyAsync();
        (await fleet.ReceiptAsync(purge, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        foreach (var purged in new[] { 0, 1 })
            (await pop.VisitAsync($"/page/{purged}")).Body.ShouldBe("new");
        var visits = new List<string>();
        for (var n = 2; n < 20; n++)
            visits.Add($"{(await pop.VisitAsync($"/page/{n}")).Cache}");
        visits.ShouldContain("HIT", "the shield does not know these pages any better: they come from its disk");
    }

    [Fact]
    public async Task And_does_not_even_ask_whether_what_was_purged_is_still_the_same()
    {
        await using var fleet = await ProcessFleet.StartAsync(WithDisk);
        var pop = fleet.Pops[0];
        // To be asked about each time, and the origin gives the new page the old one's tag.
        var body = "old";
        fleet.Origin.Script = exchange =>
            exchange.Request["If-None-Match"] is null
                ? exchange.RespondAsync(body, "Cache-Control: max-age=0|ETag: \"1\"")
                : exchange.NotModifiedAsync("Cache-Control: max-age=0|ETag: \"1\"");
        await pop.VisitAsync("/page");
        await pop.VisitAsync("/kept");
        await WrittenAsync(pop, 2);

        await pop.Process.KillAsync();
        body = "new";
        var purge = await fleet.PurgeAsync("Path", "/page");
        pop.Launch();
        await pop.ReadyAsync();
        (await fleet.ReceiptAsync(purge, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
        (await pop.VisitAsync("/kept")).Body.ShouldBe("old", "it is on the disk, and the origin says that it is the same");
    }

    [Fact]
    public async Task Right_after_its_acknowledgement_whatever_has_reached_the_disk_by_then()
    {
        await using var fleet = await ProcessFleet.StartAsync(WithDisk);
        var pop = fleet.Pops[0];
        for (var round = 0; round < 5; round++)
        {
            fleet.Serves($"old {round}");
            await fleet.PurgeAndWaitAsync("All");
            await pop.VisitAsync("/page.jpg");
            await WrittenAsync(pop, 1);
            fleet.Serves($"new {round}");
            await fleet.PurgeAndWaitAsync(round % 2 == 0 ? "Path" : "Extension", round % 2 == 0 ? "/page.jpg" : "jpg");
            await pop.Process.KillAsync();
            pop.Launch();
            await pop.ReadyAsync();
            (await pop.VisitAsync("/page.jpg")).Body.ShouldBe($"new {round}");
        }
    }

    [Fact]
    public async Task And_its_disk_is_full_and_it_serves_on_from_memory()
    {
        await using var fleet = await ProcessFleet.StartAsync(WithDisk);
        var pop = fleet.Pops[0];
        await pop.Process.KillAsync();
        var (disk, why) = await SmallDisk.TryMountAsync(Path.Combine(pop.Folder, "store"), megabytes: 2);
        Assert.SkipWhen(disk is null, $"No disk can be mounted here, so none is filled: {why}");
        await using var mounted = disk;
        await disk!.FillAsync(full: true);
        pop.Launch();
        await pop.ReadyAsync();
        fleet.Serves("page");
        await pop.VisitAsync("/page");
        (await pop.VisitAsync("/page")).Cache.ShouldBe("HIT");
        await fleet.PurgeAndWaitAsync("All");

        await disk.FillAsync(full: false);
        var more = 0;
        await Eventually.Async(
            async () =>
            {
                await pop.VisitAsync($"/again/{more++}");
                return Written(pop) > 0;
            },
            "it writes again, without a restart"
        );
    }

    private static Task WrittenAsync(EdgeProcess pop, int bodies) =>
        Eventually.Async(() => Written(pop) >= bodies * LeastBody, "the disk has what was visited, and a cursor");

    /// <summary>Three bytes and their checksum.</summary>
    private const int LeastBody = 3 + 8;

    private static long Written(EdgeProcess pop)
    {
        var store = new DirectoryInfo(Path.Combine(pop.Folder, "store"));
        return File.Exists(Path.Combine(store.FullName, "state")) ? store.GetFiles("*.body").Sum(file => file.Length) : 0;
    }
}
