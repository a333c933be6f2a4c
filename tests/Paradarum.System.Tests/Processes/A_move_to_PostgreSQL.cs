using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.SystemTests.Processes;

/// <summary><c>paradarum migrate</c>: a running installation goes on with PostgreSQL where it stopped with SQLite.</summary>
public sealed class A_move_to_PostgreSQL
{
    [Fact]
    public async Task Keeps_purges_receipts_keys_and_what_nodes_have_stored_and_can_not_be_undone_by_accident()
    {
        using var database = PostgresServer.Start();
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Grace = "60s" });
        var pop = fleet.Pops[0];
        fleet.Serves("old");
        await pop.VisitAsync("/kept");
        await pop.VisitAsync("/purged");
        var before = await fleet.PurgeAsync("Path", "/purged");
        (await fleet.ReceiptAsync(before, "60s"))["state"]!.GetValue<string>().ShouldBe("complete");

        // While it runs nothing is moved.
        var refused = await MoveAsync(fleet, database);
        refused.Code.ShouldBe(1);
        refused.Errors.ShouldContain("is taken");

        (await fleet.Control.StopAsync()).Code.ShouldBe(0);
        var moved = await MoveAsync(fleet, database);
        moved.Code.ShouldBe(0, moved.Errors);
        moved.Output.ShouldContain("the same epoch");
        moved.Errors.ShouldContain("log_records: ");
        (await MoveAsync(fleet, database)).Errors.ShouldContain("holds an installation already");

        await fleet.StartControlAsync("--database", database.ConnectionString());
        await fleet.WhenHealthyAsync(fleet.Shields.Concat(fleet.Pops));
        fleet.Serves("new");
        // Complete within the grace: the nodes have come, and are healthy on their own word and not on the former control plane's.
        (await fleet.PurgeAndWaitAsync("Path", "/other"))["perNode"]!
            .AsArray()
            .ShouldAllBe(node => node!["state"]!.GetValue<string>() == "applied");
        // The node went on from its position: what it had stored is still a hit.
        (await pop.VisitAsync("/kept")).Body.ShouldBe("old");
        (await fleet.ReceiptAsync(before))["state"]!.GetValue<string>().ShouldBe("complete");
        (await fleet.PurgeAndWaitAsync("Path", "/kept"))["position"]!.GetValue<long>().ShouldBeGreaterThan(1);
        (await pop.VisitAsync("/kept")).Body.ShouldBe("new");
        // Identities go on behind the moved rows.
        (await fleet.RegisterAsync("node", "pop-9")).Id.ShouldNotBeEmpty();
    }

    private static Task<(int Code, string Output, string Errors)> MoveAsync(ProcessFleet fleet, PostgresServer database) =>
        ParadarumProcess.RunAsync(
            ["migrate", "--from", "sqlite", "--to", "postgres", "--data", fleet.ControlFolder],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["PARADARUM_DATABASE"] = database.ConnectionString() }
        );
}
