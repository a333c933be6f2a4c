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

    [Fact]
    public async Task Of_a_pending_hostname_that_was_verified_is_in_force_on_every_PoP_within_a_second()
    {
        await using var dns = new TestDns();
        await using var fleet = await TestFleet.StartAsync(dns: dns.Address);
        fleet.Serves("page");
        var path = $"/api/property/{fleet.Property.Id}/hostname";
        var added = await fleet.Control.Client.PostAnswerAsync(path, new { name = "www.example.com" });
        added.Message.ShouldStartWith("Hostname created successfully. WARNING: DNS verification failed. www.example.com does not exist");
        await fleet.PurgeAndWaitAsync("Path", "/nothing"); // and with it the record has reached every node
        using var first = fleet.Pops[0].NewVisitorOf("www.example.com");
        using var second = fleet.Pops[1].NewVisitorOf("www.example.com");
        foreach (var visitor in new[] { first, second })
            (await visitor.GetAsync("/")).Status.ShouldBe(HttpStatusCode.MisdirectedRequest);

        dns.Says("www.example.com", "A 127.0.0.1");
        var watch = Stopwatch.StartNew();
        var id = added.Data.GetProperty("id").GetInt64();
        var verified = await fleet.Control.Client.CallAsync(HttpMethod.Post, $"{path}/{id}/verify");
        verified.Message.ShouldBe("Hostname verified successfully.");
        foreach (var visitor in new[] { first, second })
            await Eventually.Async(async () => (await visitor.GetAsync("/")).Body == "page");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "a second, and ten on a machine that is busy with other tests");
    }

    [Fact]
    public async Task Of_its_suspension_shuts_every_PoP_and_what_was_stored_before_is_gone_when_it_is_lifted()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Serves("old");
        foreach (var pop in fleet.Pops)
            await pop.VisitAsync("/page");
        var path = $"/api/property/{fleet.Property.Id}/suspension";
        Task<ApiAnswer> SetAsync(bool suspended) =>
            fleet.Control.Client.CallAsync(HttpMethod.Put, path, JsonContent.Create(new { suspended }));

        (await SetAsync(true)).Status.ShouldBe(200);
        foreach (var pop in fleet.Pops)
            await Eventually.Async(async () =>
            {
                var visit = await pop.VisitAsync("/page");
                return (visit.Status, visit.Body) == (HttpStatusCode.Forbidden, "This property is currently suspended.\n");
            });

        fleet.Serves("new");
        (await SetAsync(false)).Status.ShouldBe(200);
        foreach (var pop in fleet.Pops)
            await Eventually.Async(async () => (await pop.VisitAsync("/page")) is { Status: HttpStatusCode.OK, Body: "new" });
    }

    [Fact]
    public async Task Of_origins_rules_and_hostnames_under_traffic_is_seen_within_a_second_and_drops_no_request()
    {
        await using var dns = new TestDns();
        dns.Says("www.example.com", "A 127.0.0.1");
        await using var fleet = await TestFleet.StartAsync(dns: dns.Address);
        fleet.Serves("first", "");
        await using var second = new ScriptedOrigin { Script = exchange => exchange.RespondAsync("second", "") };
        var visitors = fleet.Pops.Select(pop => pop.NewVisitorOf("www.example.com")).ToArray();
        var api = fleet.Control.Client;
        var property = $"/api/property/{fleet.Property.Id}";
        using var stop = new CancellationTokenSource();
        var load = fleet.Pops.SelectMany(pop => Enumerable.Range(0, 2).Select(_ => VisitAsync(pop, stop.Token))).ToArray();
        var seen = new List<TimeSpan>();

        for (var round = 0; round < 3; round++)
        {
            foreach (var (origin, body) in new[] { (second, "second"), (fleet.Origin, "first") })
            {
                var origins = new[] { new { host = $"http://127.0.0.1:{origin.Port}" } };
                await SeenAsync(
                    () => api.CallAsync(HttpMethod.Put, property, JsonContent.Create(new { origins })),
                    pop => fleet.Pops[pop].VisitAsync("/page"),
                    visit => visit.Body == body
                );
            }
            var rules = $"{property}/rules/cache";
            var rule = await SeenAsync(
                () => api.PostAnswerAsync(rules, Kept(ttlSeconds: 60)),
                pop => fleet.Pops[pop].VisitAsync("/kept"),
                visit => visit.Cache == "HIT"
            );
            var ruleId = rule.Data.GetProperty("id");
            await SeenAsync(
                () => api.CallAsync(HttpMethod.Put, $"{rules}/{ruleId}", JsonContent.Create(Kept(ttlSeconds: 0))),
                pop => fleet.Pops[pop].VisitAsync("/kept"),
                visit => visit.Cache == "BYPASS"
            );
            (await api.DeleteAnswerAsync($"{rules}/{ruleId}")).Status.ShouldBe(200);
            var hostname = await SeenAsync(
                () => api.PostAnswerAsync($"{property}/hostname", new { name = "www.example.com" }),
                pop => visitors[pop].GetAsync("/page"),
                visit => visit.Status == HttpStatusCode.OK
            );
            await SeenAsync(
                () => api.DeleteAnswerAsync($"{property}/hostname/{hostname.Data.GetProperty("id")}"),
                pop => visitors[pop].GetAsync("/page"),
                visit => visit.Status == HttpStatusCode.MisdirectedRequest
            );
        }

        await stop.CancelAsync();
        foreach (var visitor in load)
            (await visitor).ShouldBeGreaterThan(0, "it visited all the while, and each answer was a 200");
        foreach (var visitor in visitors)
            visitor.Dispose();
        var figures = string.Join(", ", seen.Select(time => $"{time.TotalMilliseconds:F0} ms"));
        seen.Order().ElementAt(seen.Count / 2).ShouldBeLessThan(TimeSpan.FromSeconds(1), figures);
        seen.Max().ShouldBeLessThan(TimeSpan.FromSeconds(10), $"a second, and ten on a machine that is busy with other tests: {figures}");

        static object Kept(int ttlSeconds) =>
            new
            {
                name = "Kept",
                pattern = "/kept",
                ttlSeconds,
            };

        async Task<ApiAnswer> SeenAsync(Func<Task<ApiAnswer>> change, Func<int, Task<Visit>> visit, Func<Visit, bool> isNew)
        {
            var watch = Stopwatch.StartNew();
            var answer = await change();
            answer.Succeeded.ShouldBeTrue(answer.Message);
            for (var pop = 0; pop < fleet.Pops.Count; pop++)
                await Eventually.Async(async () => isNew(await visit(pop)));
            seen.Add(watch.Elapsed);
            return answer;
        }
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
