using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Fleet;

/// <summary>Contract part 3: what is set over REST is in force on every node, at once, and no visitor notices the change itself.</summary>
public sealed class A_change_of_a_property
{
    [Fact]
    public async Task Of_its_rules_is_in_force_on_every_node_within_a_second_and_drops_no_request()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Serves("page", "");
        using var stop = new CancellationTokenSource();
        var load = fleet.Pops.SelectMany(pop => Enumerable.Range(0, 4).Select(_ => VisitAsync(pop, stop.Token))).ToArray();
        var path = $"/api/property/{fleet.Property.Id}/rules/cache";

        var watch = Stopwatch.StartNew();
        var made = await fleet.Control.Client.PostAnswerAsync(
            path,
            new
            {
                name = "Pages",
                pattern = "/page",
                ttlSeconds = 60,
            }
        );
        made.Status.ShouldBe(201);
        foreach (var pop in fleet.Pops)
            await Eventually.Async(async () => (await pop.VisitAsync("/page")).Cache == "HIT");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "a second, and ten on a machine that is busy with other tests");
        // And taken back: the node stores nothing of it any more.
        var id = made.Data.GetProperty("id").GetInt64();
        await fleet.Control.Client.PutAsJsonAsync(
            $"{path}/{id}",
            new
            {
                name = "Pages",
                pattern = "/page",
                ttlSeconds = 0,
            }
        );
        foreach (var pop in fleet.Pops)
            await Eventually.Async(async () => (await pop.VisitAsync("/page")).Cache == "BYPASS");

        await stop.CancelAsync();
        foreach (var visitor in load)
            (await visitor).ShouldBeGreaterThan(0, "it visited all the while, and each answer was a 200");
    }

    [Fact]
    public async Task Of_its_query_string_mode_purges_it_and_counts_for_paths_with_query()
    {
        await using var fleet = await TestFleet.StartAsync(pops: 1);
        fleet.Serves("old");
        var pop = fleet.Pops[0];
        await pop.VisitAsync("/list?id=1");
        var settings = new { query_string = new { mode = "except", values = new[] { "id" } } };
        using var put = await fleet.Control.Client.PutAsJsonAsync($"/api/property/{fleet.Property.Id}/general-settings", settings);
        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        await fleet.PurgeAndWaitAsync("Path", "/nothing"); // and with it the change has reached every node
        (await pop.VisitAsync("/list?id=1&utm=x")).Cache.ShouldBe("MISS", "what the key means has changed, so all of it was purged");
        (await pop.VisitAsync("/list?utm=y&id=1")).Cache.ShouldBe("HIT");
        fleet.Serves("new");
        await fleet.PurgeAndWaitAsync("Path", "/list?utm=z&id=1");
        (await pop.VisitAsync("/list?id=1")).Body.ShouldBe("new");
    }

    private static async Task<int> VisitAsync(TestEdge pop, CancellationToken stop)
    {
        var visits = 0;
        while (!stop.IsCancellationRequested)
        {
            (await pop.VisitAsync("/page")).Status.ShouldBe(HttpStatusCode.OK);
            visits++;
        }
        return visits;
    }
}
