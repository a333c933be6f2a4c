using System.Net;
using System.Net.Http.Json;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>G5 and "Leases" (design section 3) against real processes: whatever happened to a node, it serves nothing that was purged.</summary>
public sealed class A_node_comes_back
{
    private const string Strong = "Cache-Control: max-age=600|ETag: \"1\"";

    [Fact]
    public async Task After_it_was_cut_off_for_longer_than_lease_and_grace()
    {
        await using var fleet = await ProcessFleet.StartAsync();
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);

        pop.Link.Cut();
        fleet.Serves("new");
        var receipt = await fleet.PurgeAndWaitAsync("Path", "/page");
        ProcessFleet.StateOf(receipt, pop).ShouldBe("fenced");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new", "complete was said: it may not answer from its store");
        pop.Link.Restore();
        await fleet.WhenHealthyAsync(pop);
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
        ProcessFleet.StateOf(await fleet.PurgeAndWaitAsync("All"), pop).ShouldBe("applied");
    }

    [Fact]
    public async Task After_a_stop_past_lease_and_grace_and_the_first_answer_is_no_purged_one()
    {
        await using var fleet = await ProcessFleet.StartAsync();
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);

        await pop.Process.PauseAsync();
        fleet.Serves("new");
        var receipt = await fleet.PurgeAndWaitAsync("Path", "/page");
        ProcessFleet.StateOf(receipt, pop).ShouldBe("fenced");
        // Waits in the socket of the process that stands still: the first thing that it sees.
        var visit = pop.VisitAsync("/page");
        pop.Process.Signal(ParadarumProcess.Continue);
        (await visit).Body.ShouldBe("new");
        await fleet.WhenHealthyAsync(pop);
    }

    [Fact]
    public async Task After_a_kill_and_its_next_start_proves_that_it_is_dead()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Grace = "60s" });
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);

        await pop.Process.KillAsync();
        fleet.Serves("new");
        var purge = await fleet.PurgeAsync("Path", "/page");
        (await fleet.ReceiptAsync(purge, "1s"))["state"]!.GetValue<string>().ShouldNotBe("complete", "its grace runs for a minute");
        pop.Launch();
        await pop.ReadyAsync();
        (await fleet.ReceiptAsync(purge, "30s"))["state"]!
            .GetValue<string>()
            .ShouldBe("complete", "no wait for the grace of the former start");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task After_the_log_no_longer_reaches_back_to_it()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Pops = 2, Control = ["--log-records", "1000"] });
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);

        pop.Link.Cut();
        fleet.Serves("new");
        await fleet.PurgeAndWaitAsync("Path", "/page");
        // The record of that purge goes with the tail.
        foreach (var some in Enumerable.Range(0, 1100).Chunk(100))
            await Task.WhenAll(some.Select(n => fleet.PurgeAsync("Path", $"/other/{n}")));
        pop.Link.Restore();
        await fleet.WhenHealthyAsync(pop);
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
        await fleet.PurgeAndWaitAsync("All");
    }

    [Fact]
    public async Task To_a_log_that_was_set_back()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Pops = 2 });
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);
        // As a snapshot of the machine has it, which nobody told that it is a copy.
        await fleet.Control.PauseAsync();
        Copies.Folder(fleet.ControlFolder, fleet.Folder["snapshot"]);
        fleet.Control.Signal(ParadarumProcess.Continue);
        await fleet.PurgeAndWaitAsync("Path", "/one");
        await pop.Process.PauseAsync();
        await fleet.Control.KillAsync();
        Directory.Delete(fleet.ControlFolder, recursive: true);
        Copies.Folder(fleet.Folder["snapshot"], fleet.ControlFolder);
        await fleet.StartControlAsync();
        // Shield and the other PoP have read "/one", and the first one to come proves it: that log is over, and another one begins.
        const string Ready = "paradarum control: ready";
        await Eventually.Async(() => fleet.Control.Output.Split(Ready).Length > 2, "it is ready once more");
        fleet.Control.Errors.ShouldContain("has read position 2, and the database ends at 1.");
        await fleet.WhenHealthyAsync(fleet.Pops[1]);
        fleet.Serves("new");
        await fleet.PurgeAsync("Path", "/page"); // has the position that "/one" had
        pop.Process.Signal(ParadarumProcess.Continue);

        // Before it has heard of anything, in the middle of it, and afterwards.
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
        await fleet.WhenHealthyAsync(pop);
        // Nor may a shield answer that has not come back yet: of the former log it knows everything up to that position.
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task As_two_processes_of_one_identity_and_both_serve_nothing_old()
    {
        await using var fleet = await ProcessFleet.StartAsync();
        var pop = fleet.Pops[0];
        await StoreOldAsync(fleet, pop);
        var copy = fleet.Folder["copy-of-pop"];
        Directory.CreateDirectory(copy);
        File.Copy(Path.Combine(pop.Folder, "node.json"), Path.Combine(copy, "node.json"));
        var port = FreePorts.Row(1);
        await using var twin = ParadarumProcess.Start([
            "edge",
            "--role",
            "pop",
            "--control",
            $"http://127.0.0.1:{fleet.FleetPort}",
            "--listen",
            $"127.0.0.1:{port}",
            "--data",
            copy,
            "--origins-allow",
            "loopback",
        ]);
        await twin.LineAsync("paradarum edge: listening");

        fleet.Serves("new");
        await fleet.PurgeAndWaitAsync("Path", "/page");
        (await pop.VisitAsync("/page")).Body.ShouldBe("new", "the displaced one counts until it is fenced");
        using var visitor = new Visitor($"http://127.0.0.1:{port}", ProcessFleet.Host);
        var other = await visitor.GetAsync("/page");
        (other.Status == HttpStatusCode.OK ? other.Body : "new").ShouldBe("new");
    }

    [Fact]
    public async Task Never_when_it_was_deleted_and_it_ends_by_itself()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Pops = 2, Grace = "60s" });
        var pop = fleet.Pops[1];
        using (var deleted = await fleet.Api.DeleteAsync($"/api/node/{pop.Id}"))
            deleted.StatusCode.ShouldBe(HttpStatusCode.OK);
        var (code, output, errors) = await pop.Process.EndAsync();
        code.ShouldBe(0, errors);
        output.ShouldContain($"paradarum edge: left url={pop.Visitor.Url}");
        await Eventually.Async(async () => await fleet.ListedAsync(pop) is null, "it has left");
        (await fleet.PurgeAndWaitAsync("All"))["perNode"]!.AsArray().Count.ShouldBe(2, "nobody waits for it");
    }

    private static async Task StoreOldAsync(ProcessFleet fleet, EdgeProcess pop)
    {
        fleet.Serves("old");
        await pop.VisitAsync("/page");
        (await pop.VisitAsync("/page")).Cache.ShouldBe("HIT");
    }

    /// <summary>The control plane away, restarted, and away for longer than lease and grace.</summary>
    public sealed class To_a_control_plane_that_was_away
    {
        [Fact]
        public async Task The_CDN_stays_up_and_what_was_accepted_completes_after_it_is_back()
        {
            await using var fleet = await ProcessFleet.StartAsync();
            var pop = fleet.Pops[0];
            await StoreOldAsync(fleet, pop);
            fleet.Serves("tagged", Strong);
            await pop.VisitAsync("/tagged");
            pop.Link.Freeze();
            var purge = await fleet.PurgeAsync("Path", "/page");
            await fleet.Control.KillAsync();
            pop.Link.Cut();

            // Past lease and grace: fenced, and still it answers, with what its upstream says now.
            fleet.Serves("new", "Cache-Control: max-age=600|ETag: \"2\"");
            await Eventually.Async(async () => (await pop.VisitAsync("/page")).Body == "new", "its grace is over");
            // The shield heard of the control plane for longer, and until its own grace is over it confirms what nobody has purged.
            await Eventually.Async(async () => (await pop.VisitAsync("/tagged")).Body == "new", "the shield's grace is over too");

            await fleet.StartControlAsync();
            pop.Link.Restore();
            (await fleet.ReceiptAsync(purge, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
            await fleet.WhenHealthyAsync(pop);
            // Its lease comes with the next heartbeat.
            await Eventually.Async(async () => (await pop.VisitAsync("/page")).Cache == "HIT", "it serves on its own word again");
        }

        [Fact]
        public async Task Restarted_in_the_middle_of_a_purge_it_forgets_nobody_who_may_hold_a_lease()
        {
            await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Grace = "3s" });
            var pop = fleet.Pops[0];
            await StoreOldAsync(fleet, pop);
            pop.Link.Freeze();
            fleet.Serves("new");
            var purge = await fleet.PurgeAsync("Path", "/page");
            await fleet.Control.KillAsync();
            await fleet.StartControlAsync();

            // Nobody has heard of the node since; it may serve what it has until lease and grace are over.
            var receipt = await fleet.ReceiptAsync(purge, "60s");
            receipt["state"]!.GetValue<string>().ShouldBe("complete");
            ProcessFleet.StateOf(receipt, pop).ShouldBe("fenced");
            (await pop.VisitAsync("/page")).Body.ShouldBe("new");
            pop.Link.Restore();
        }
    }
}
