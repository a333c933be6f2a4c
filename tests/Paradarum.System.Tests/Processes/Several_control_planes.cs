using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.SystemTests.Processes;

/// <summary>Several control planes on one PostgreSQL: one works, the others stand by (docs/decisions/postgresql.md). All of them processes, the databases servers.</summary>
public sealed class Several_control_planes
{
    /// <summary>One fleet for all of it: three control planes take their time to start.</summary>
    [Fact]
    public async Task Answer_whichever_of_them_is_asked_by_clients_nodes_and_a_balancer_and_hand_over_when_the_one_that_works_hangs()
    {
        using var database = PostgresServer.Start();
        // The server is told to be impatient; by itself a control plane asks it for 30 s.
        var impatient = database.ConnectionString() + ";Options=-c idle_session_timeout=4s -c idle_in_transaction_session_timeout=4s";
        await using var fleet = await ReplicaFleet.StartAsync(impatient, controls: 3, nodesKnow: 2);
        await AnswerWhicheverIsAskedAsync(fleet);
        await TakeNobodysWordAboutWhoAClientIsButOneAnothersAsync(fleet);
        await AreOneServiceBehindTheBalancerOfTheSampleAsync(fleet);
    }

    private static async Task AnswerWhicheverIsAskedAsync(ReplicaFleet fleet)
    {
        fleet.Serves("old");
        (await fleet.VisitAsync("/a")).ShouldBe("old");

        for (var control = 0; control < 3; control++)
        {
            (await fleet.HealthAsync(control, "ready")).ShouldBe(HttpStatusCode.OK);
            var now = $"new {control}";
            fleet.Serves(now);
            var receipt = await fleet.PurgeAndWaitAsync(control, "/a");
            receipt["state"]!.GetValue<string>().ShouldBe("complete");
            receipt["perNode"]!.AsArray().ShouldAllBe(node => node!["state"]!.GetValue<string>() == "applied");
            (await fleet.VisitAsync("/a")).ShouldBe(now);
        }

        // Who has several control planes and one copy of the data is told what that means.
        fleet.ProcessOf(1).Errors.ShouldContain("no synchronous standby");

        // An error of the one that works is the answer, to the letter; so is the end of a purge's events.
        using var unknown = await fleet.ClientOf(1).GetAsync("/api/property/none");
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var purge = await fleet.ClientOf(1).PurgeAsync(fleet.PropertyId, new { type = "Path", value = "/a" });
        (await fleet.ClientOf(2).GetStringAsync(purge + "/events")).ShouldContain("event: complete");
        // A key that was withdrawn through one is refused by all at once.
        using var made = await fleet.ClientOf(1).PostAsJsonAsync("/api/account/apikeys", new { name = "short" });
        made.StatusCode.ShouldBe(HttpStatusCode.Created, await made.Content.ReadAsStringAsync());
        var key = (await made.Content.ReadFromJsonAsync<JsonObject>())!["data"]!;
        (await fleet.StatusWithAsync(2, key["key"]!.GetValue<string>())).ShouldBe(HttpStatusCode.OK);
        using (await fleet.ClientOf(1).DeleteAsync($"/api/account/apikeys/{key["id"]}")) { }
        (await fleet.StatusWithAsync(2, key["key"]!.GetValue<string>())).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task AreOneServiceBehindTheBalancerOfTheSampleAsync(ReplicaFleet fleet)
    {
        using var folder = new TemporaryFolder();
        var port = FreePorts.Row(1);
        var sample = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "deploy", "postgresql", "haproxy.cfg"));
        sample = sample.Replace("127.0.0.1:5250", $"127.0.0.1:{port}", StringComparison.Ordinal);
        for (var n = 0; n < 3; n++)
            sample = sample.Replace($"10.0.0.{n + 1}:5252", fleet.ClientOf(n).BaseAddress!.Authority, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["haproxy.cfg"], sample);
        using var balancer = Process.Start("haproxy", ["-db", "-q", "-f", folder["haproxy.cfg"]]);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(70) };
            client.DefaultRequestHeaders.Add("X-API-Key", fleet.ClientOf(0).DefaultRequestHeaders.GetValues("X-API-Key"));
            await AnswersAsync(client);
            // One after the other: each purge is another one's to hand on.
            for (var n = 0; n < 6; n++)
            {
                fleet.Serves($"new {n}");
                var receipt = await client.PurgeAndWaitAsync(fleet.PropertyId, new { type = "Path", value = "/a" });
                receipt["state"]!.GetValue<string>().ShouldBe("complete");
                (await fleet.VisitAsync("/a")).ShouldBe($"new {n}");
            }

            await HandOverWhenTheOneThatWorksHangsAsync(fleet, client);
        }
        finally
        {
            balancer.Kill();
            await balancer.WaitForExitAsync();
        }
    }

    private static Task AnswersAsync(HttpClient client) =>
        Eventually.Async(
            async () =>
            {
                try
                {
                    using var answer = await client.GetAsync("/api/property");
                    return answer.StatusCode == HttpStatusCode.OK;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the balancer finds a control plane that answers"
        );

    private static async Task TakeNobodysWordAboutWhoAClientIsButOneAnothersAsync(ReplicaFleet fleet)
    {
        using var client = From("127.0.0.2", fleet.ClientOf(1));
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.7");

        await client.PurgeAsync(fleet.PropertyId, new { type = "Path", value = "/a" });

        // The one that works knows where the client is, and neither what it says of itself nor where the other control plane is.
        var audit = await fleet.ClientOf(0).GetFromJsonAsync<JsonObject>("/api/audit?pageSize=1");
        audit!["data"]![0]!["address"]!.GetValue<string>().ShouldBe("127.0.0.2", audit.ToJsonString());
        using var guess = new HttpRequestMessage(HttpMethod.Get, new Uri(fleet.ClientOf(0).BaseAddress!, "/metrics"));
        guess.Headers.Add("Paradarum-Replica", new string('0', 64));
        (await client.SendAsync(guess)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    private static HttpClient From(string address, HttpClient like)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, stop) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(context.DnsEndPoint, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = like.BaseAddress };
        client.DefaultRequestHeaders.Add("X-API-Key", like.DefaultRequestHeaders.GetValues("X-API-Key"));
        return client;
    }

    [Fact]
    public async Task Stand_by_for_one_another_and_lose_nothing_when_the_one_that_works_is_killed()
    {
        using var database = PostgresServer.Start();
        await using var fleet = await ReplicaFleet.StartAsync(database.ConnectionString(), controls: 2);
        fleet.Serves("old");
        (await fleet.VisitAsync("/a")).ShouldBe("old");
        (await fleet.HealthAsync(1, "live")).ShouldBe(HttpStatusCode.OK);
        (await fleet.HealthAsync(0, "ready")).ShouldBe(HttpStatusCode.OK);

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
        (await fleet.IsTheOneThatWorksAsync(0)).ShouldBeFalse();
        link.Restore();
        await fleet.StandsByAsync(0);
        (await fleet.PurgeAndWaitAsync(1, "/a"))["perNode"]!.AsArray().ShouldAllBe(node => node!["state"]!.GetValue<string>() == "applied");
    }

    private static async Task HandOverWhenTheOneThatWorksHangsAsync(ReplicaFleet fleet, HttpClient client)
    {
        await fleet.ProcessOf(0).PauseAsync();
        // What it was asked through another one is answered when somebody takes over, not when it wakes up.
        using (var asked = await fleet.ClientOf(1).GetAsync("/api/property"))
            asked.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await fleet.AnyWorksAsync();
        await AnswersAsync(client);
        fleet.Serves("newest");
        (await client.PurgeAndWaitAsync(fleet.PropertyId, new { type = "Path", value = "/a" }))["state"]!
            .GetValue<string>()
            .ShouldBe("complete");

        fleet.ProcessOf(0).Signal(ParadarumProcess.Continue);
        await fleet.StandsByAsync(0);
        (await fleet.VisitAsync("/a")).ShouldBe("newest");
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
