using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.SystemTests.Processes;

/// <summary>Several control planes on one PostgreSQL: one works, the others stand by (docs/decisions/postgresql.md). All of them processes, the databases servers.</summary>
public sealed class Several_control_planes
{
    [Fact]
    public async Task Stand_by_for_one_another_and_lose_nothing_when_the_one_that_works_is_killed()
    {
        using var database = PostgresServer.Start();
        await using var fleet = await ReplicaFleet.StartAsync(database.ConnectionString(), controls: 2);
        fleet.Serves("old");
        (await fleet.VisitAsync("/a")).ShouldBe("old");
        (await fleet.HealthAsync(1, "live")).ShouldBe(HttpStatusCode.OK);
        (await fleet.HealthAsync(0, "ready")).ShouldBe(HttpStatusCode.OK);
        (await fleet.HealthAsync(1, "ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        using (var asked = await fleet.ClientOf(1).GetAsync("/api/property"))
        {
            asked.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            asked.Headers.RetryAfter!.ToString().ShouldBe("1");
            (await asked.Content.ReadFromJsonAsync<JsonObject>())!["message"]!
                .GetValue<string>()
                .ShouldStartWith("This control plane stands by");
        }

        fleet.Serves("new");
        var accepted = await fleet.ClientOf(0).PurgeAsync(fleet.PropertyId, new { type = "Path", value = "/a" });
        await fleet.KillAsync(0);
        await fleet.WorksAsync(1);

        // Its receipt is where the purge is: in the database. The key is the same one too.
        var receipt = await fleet.ClientOf(1).ReceiptAsync(accepted, "60s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete", receipt.ToJsonString());
        (await fleet.VisitAsync("/a")).ShouldBe("new");
        fleet.Serves("newest");
        await fleet.WorksAsync(1);
        (await fleet.PurgeAndWaitAsync(1, "/a"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await fleet.VisitAsync("/a")).ShouldBe("newest");

        // The first comes back and stands by in its turn.
        fleet.Start(0);
        await fleet.StandsByAsync(0);
        await fleet.KillAsync(1);
        await fleet.WorksAsync(0);
        (await fleet.PurgeAndWaitAsync(0, "/a"))["state"]!.GetValue<string>().ShouldBe("complete");
    }

    [Fact]
    public async Task Hand_over_when_the_one_that_works_is_cut_off_from_the_database_and_not_from_its_nodes()
    {
        using var database = PostgresServer.Start();
        await using var link = new CuttableLink(database.Port);
        var over = $"Host=127.0.0.1;Port={link.Port.ToString(CultureInfo.InvariantCulture)};Username=paradarum;Database=postgres";
        await using var fleet = await ReplicaFleet.StartAsync(database.ConnectionString(), controls: 2, ofTheFirst: over);
        fleet.Serves("old");
        (await fleet.VisitAsync("/a")).ShouldBe("old");

        link.Cut();
        await fleet.WorksAsync(1);
        fleet.Serves("new");
        (await fleet.PurgeAndWaitAsync(1, "/a"))["state"]!.GetValue<string>().ShouldBe("complete");

        // Complete means that no node serves what was purged, one that still listens to the former control plane included.
        (await fleet.VisitAsync("/a")).ShouldBe("new");
        (await fleet.HealthAsync(0, "ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        link.Restore();
        await fleet.StandsByAsync(0);
        (await fleet.PurgeAndWaitAsync(1, "/a"))["perNode"]!.AsArray().ShouldAllBe(node => node!["state"]!.GetValue<string>() == "applied");
    }

    [Fact]
    public async Task Keep_every_purge_and_its_receipt_when_the_primary_is_killed_and_its_standby_promoted()
    {
        using var primary = PostgresServer.Start("synchronous_standby_names = 'two'");
        using var standby = PostgresServer.StartStandby(primary, "two");
        var both = $"Host=127.0.0.1:{primary.Port},127.0.0.1:{standby.Port};Username=paradarum;Database=postgres";
        await using var fleet = await ReplicaFleet.StartAsync(both, controls: 2);
        fleet.Serves("old");
        (await fleet.VisitAsync("/a")).ShouldBe("old");
        fleet.Serves("new");
        var accepted = await fleet.ClientOf(0).PurgeAsync(fleet.PropertyId, new { type = "Path", value = "/a" });

        primary.Kill();
        standby.Promote();
        standby.Execute("ALTER SYSTEM SET synchronous_standby_names = ''");
        standby.Execute("SELECT pg_reload_conf()");

        // Either of them may be the one that works now.
        var works = await fleet.AnyWorksAsync();
        var receipt = await fleet.ClientOf(works).ReceiptAsync(accepted, "60s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete", receipt.ToJsonString());
        (await fleet.VisitAsync("/a")).ShouldBe("new");
        fleet.Serves("newest");
        await fleet.WorksAsync(works);
        (await fleet.PurgeAndWaitAsync(works, "/a"))["state"]!.GetValue<string>().ShouldBe("complete");
        (await fleet.VisitAsync("/a")).ShouldBe("newest");
    }
}
