using System.Net;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>A restored backup starts a new epoch (design section 2).</summary>
public sealed class A_backup_is_restored
{
    [Fact]
    public async Task Nodes_drop_all_serve_nothing_old_and_former_purge_ids_mean_nothing()
    {
        await using var fleet = await ProcessFleet.StartAsync();
        var pop = fleet.Pops[0];
        fleet.Serves("old");
        await pop.VisitAsync("/page");
        var backup = await ParadarumProcess.RunAsync(["backup", "--data", fleet.ControlFolder, "--to", fleet.Folder["backup.db"]]);
        backup.Code.ShouldBe(0, backup.Errors);

        // Accepted after the backup, so the restored log knows nothing of it: its effect must stand all the same.
        var lost = await fleet.PurgeAsync("Path", "/page");
        (await fleet.ReceiptAsync(lost, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await pop.VisitAsync("/page")).Body.ShouldBe("old");
        fleet.Serves("new");
        var taken = await ParadarumProcess.RunAsync(["restore", "--from", fleet.Folder["backup.db"], "--data", fleet.ControlFolder]);
        (taken.Code, taken.Errors.Contains("is running on", StringComparison.Ordinal)).ShouldBe((1, true), taken.Errors);

        await fleet.Control.KillAsync();
        var restored = await ParadarumProcess.RunAsync([
            "restore",
            "--from",
            fleet.Folder["backup.db"],
            "--data",
            fleet.Folder["restored"],
        ]);
        restored.Code.ShouldBe(0, restored.Errors);
        restored.Output.ShouldContain("Start the control plane.");
        fleet.ControlFolder = fleet.Folder["restored"];
        await fleet.StartControlAsync();
        await fleet.WhenHealthyAsync(pop, fleet.Shields[0]);
        // Until it is taken from a node that has dropped all, the page may be the former one: that is what a purge would wait for.
        await Eventually.Async(async () => (await pop.VisitAsync("/page")).Body == "new", "the PoP has dropped all it stored");

        using var gone = await fleet.Api.GetAsync(lost);
        gone.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var purge = await fleet.PurgeAsync("All");
        var receipt = await fleet.ReceiptAsync(purge, "2s");
        ProcessFleet.StateOf(receipt, pop).ShouldBe("applied");
        receipt["state"]!
            .GetValue<string>()
            .ShouldBe("pops", "nodes that the backup does not know may hold the longest lease that settings allow");
    }
}
