using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Up;

public sealed class One_command_starts_a_small_CDN
{
    [Fact]
    public async Task A_second_start_keeps_keys_identities_property_and_history()
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        string receiptOfFirst;
        UpFacts before;
        await using (var first = await UpProcess.StartAsync(folder["data"], ports))
        {
            before = first.Facts;
            using var api = first.Api();
            receiptOfFirst = await api.PurgeAsync(before.PropertyId, new { type = "All" });
            (await api.ReceiptAsync(receiptOfFirst, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
            (await first.StopAsync()).Code.ShouldBe(0);
        }

        await using var second = await UpProcess.StartAsync(folder["data"], ports);
        second.Facts.ShouldSatisfyAllConditions(
            now => now.ApiKey.ShouldBe(before.ApiKey),
            now => now.AdminPassword.ShouldBe(before.AdminPassword),
            now => now.PropertyId.ShouldBe(before.PropertyId),
            now => now.Shields.ShouldBe(before.Shields),
            now => now.Pops.ShouldBe(before.Pops)
        );
        using var again = second.Api();
        (await again.ReceiptAsync(receiptOfFirst))["state"]!.GetValue<string>().ShouldBe("complete");
    }

    [Fact]
    public async Task Set_back_it_says_so_and_ends_and_the_next_start_begins_anew()
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        string[] disk = ["--disk-size", "64MiB"];
        var control = Path.Combine(folder["data"], "control");
        await using (var first = await UpProcess.StartAsync(folder["data"], ports, disk))
            await first.StopAsync();
        Copies.Folder(control, folder["snapshot"]);
        await using (var second = await UpProcess.StartAsync(folder["data"], ports, disk))
        {
            using var api = second.Api();
            await api.ReceiptAsync(await api.PurgeAsync(second.Facts.PropertyId, new { type = "All" }), "30s");
            await second.StopAsync();
        }
        Directory.Delete(control, recursive: true);
        Copies.Folder(folder["snapshot"], control);

        var (code, _, errors) = await UpProcess.RunToEndAsync(folder["data"], ports, disk);

        code.ShouldBe(1);
        errors.ShouldContain("and the database ends at");
        errors.ShouldContain("Start it again.");
        await using var anew = await UpProcess.StartAsync(folder["data"], ports, disk);
        using var purged = await anew.Api().PostAsJsonAsync($"/api/property/{anew.Facts.PropertyId}/purge", new { type = "All" });
        purged.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Restored_from_before_a_node_enrolled_it_enrols_that_node_anew()
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        // One that stays, so that no start writes anything to the log: the restored one has not lost its end.
        string[] origin = ["--origin", "http://127.0.0.1:9"];
        var control = Path.Combine(folder["data"], "control");
        await using (var first = await UpProcess.StartAsync(folder["data"], ports, [.. origin, "--pops", "1"]))
            await first.StopAsync();
        Copies.Folder(control, folder["snapshot"]);
        UpFacts.Node lost;
        await using (var second = await UpProcess.StartAsync(folder["data"], ports, [.. origin, "--pops", "2"]))
        {
            lost = second.Facts.Pops[1];
            await second.StopAsync();
        }
        Directory.Delete(control, recursive: true);
        Copies.Folder(folder["snapshot"], control);

        await using var third = await UpProcess.StartAsync(folder["data"], ports, [.. origin, "--pops", "2"]);

        third.Facts.Pops[1].Id.ShouldNotBe(lost.Id);
        using var api = third.Api();
        var receipt = await api.ReceiptAsync(await api.PurgeAsync(third.Facts.PropertyId, new { type = "All" }), "30s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete");
    }

    [Fact]
    public async Task When_up_json_is_gone_the_old_key_is_revoked_and_new_ones_are_made()
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        UpFacts before;
        await using (var first = await UpProcess.StartAsync(folder["data"], ports))
        {
            before = first.Facts;
            await first.StopAsync();
        }
        File.Delete(Path.Combine(folder["data"], "up.json"));

        await using var second = await UpProcess.StartAsync(folder["data"], ports);
        second.Facts.ApiKey.ShouldNotBe(before.ApiKey);
        using var oldKey = second.Api(before.ApiKey);
        (await oldKey.GetAsync("/api/property")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var newKey = second.Api();
        (await newKey.GetAsync("/api/property")).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var nobody = new HttpClient { BaseAddress = new Uri(second.Facts.Api) };
        var login = await nobody.PostAsJsonAsync("/api/auth/login", new { email = before.AdminEmail, password = before.AdminPassword });
        login.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task With_fewer_PoPs_the_surplus_leaves_the_fleet_and_with_more_the_new_ones_join()
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick(edges: 4);
        await using (var first = await UpProcess.StartAsync(folder["data"], ports))
            await first.StopAsync();

        await using (var fewer = await UpProcess.StartAsync(folder["data"], ports, "--pops", "1"))
        {
            fewer.Facts.Pops.Length.ShouldBe(1);
            await JobsShouldBe(fewer, shields: 1, pops: 1);
            (await fewer.StopAsync()).Errors.ShouldBeEmpty();
        }
        await using var more = await UpProcess.StartAsync(folder["data"], ports, "--pops", "3");
        await JobsShouldBe(more, shields: 1, pops: 3);

        static async Task JobsShouldBe(UpProcess up, int shields, int pops)
        {
            using var api = up.Api();
            var answer = await api.PostAsJsonAsync($"/api/property/{up.Facts.PropertyId}/purge", new { type = "All" });
            var data = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!;
            (data["shields"]!.GetValue<int>(), data["nodes"]!.GetValue<int>()).ShouldBe((shields, pops));
        }
    }

    [Fact]
    public async Task Without_a_shield_the_PoPs_ask_the_origin_themselves()
    {
        using var folder = new TemporaryFolder();
        await using var up = await UpProcess.StartAsync(folder["data"], UpPorts.Pick(), "--shields", "0");
        up.Facts.Shields.ShouldBeEmpty();
        using var visitor = new Visitor(up.Facts.Pops[1].Url, up.Facts.Hostname);
        (await visitor.GetAsync("/about")).Cache.ShouldBe("MISS");
        (await visitor.GetAsync("/about")).Cache.ShouldBe("HIT");
        using var api = up.Api();
        (await api.PurgeAndWaitAsync(up.Facts.PropertyId, new { type = "All" }))["state"]!.GetValue<string>().ShouldBe("complete");
        (await visitor.GetAsync("/about")).Cache.ShouldBe("MISS");
    }

    [Fact]
    public async Task A_folder_of_files_can_be_the_origin_and_nothing_outside_it_is_served()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["site/sub"]);
        await File.WriteAllTextAsync(folder["site/index.html"], "home");
        await File.WriteAllTextAsync(folder["site/sub/page.html"], "page");
        await File.WriteAllTextAsync(folder["secret.txt"], "secret");
        await using var up = await UpProcess.StartAsync(folder["data"], UpPorts.Pick(), "--site", folder["site"]);
        using var visitor = new Visitor(up.Facts.Pops[0].Url, up.Facts.Hostname);

        (await visitor.GetAsync("/")).Body.ShouldBe("home");
        (await visitor.GetAsync("/sub/page.html")).Body.ShouldBe("page");
        (await visitor.GetAsync("/%2e%2e/secret.txt")).Status.ShouldBe(HttpStatusCode.NotFound);

        await File.WriteAllTextAsync(folder["site/index.html"], "changed");
        (await visitor.GetAsync("/")).Body.ShouldBe("home");
        using var api = up.Api();
        await api.PurgeAndWaitAsync(up.Facts.PropertyId, new { type = "Path", value = "/" });
        (await visitor.GetAsync("/")).Body.ShouldBe("changed");
    }

    [Fact]
    public async Task A_real_site_can_be_behind_it_with_a_presets_cache_rules()
    {
        using var folder = new TemporaryFolder();
        await using var site = new ScriptedOrigin();
        site.Script = exchange => exchange.RespondAsync($"page {site.Requests.Count}", "Content-Type: text/html");
        await using var up = await UpProcess.StartAsync(
            folder["data"],
            UpPorts.Pick(),
            "--origin",
            $"http://127.0.0.1:{site.Port}",
            "--preset",
            "wordpress"
        );
        up.Facts.Origin.ShouldBe($"http://127.0.0.1:{site.Port}");
        using var visitor = new Visitor(up.Facts.Pops[0].Url, up.Facts.Hostname);

        await visitor.GetAsync("/hello-world/");
        (await visitor.GetAsync("/hello-world/")).Cache.ShouldBe("HIT", "pages without freshness are kept for half an hour");
        await visitor.GetAsync("/wp-admin/");
        (await visitor.GetAsync("/wp-admin/")).Cache.ShouldNotBe("HIT", "a TTL of 0 is never stored");
        (await visitor.GetAsync("/hello-world/", ("Cookie", "wordpress_logged_in_abc=1"))).Cache.ShouldBe("BYPASS");
        site.Last["Host"].ShouldBe($"127.0.0.1:{site.Port}", "a real site is asked by its own name");
    }

    [Theory]
    [InlineData("--pops", "0")]
    [InlineData("--pops", "many")]
    [InlineData("--shields", "-1")]
    [InlineData("--api-port", "70000")]
    [InlineData("--site", "/nowhere/at/all")]
    [InlineData("--origin", "ftp://example.org")]
    [InlineData("--preset", "drupal")]
    public async Task A_bad_option_is_named_and_nothing_is_started(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var (code, _, errors) = await UpProcess.RunToEndAsync(folder["data"], UpPorts.Pick(), option, value);
        code.ShouldBe(1);
        errors.ShouldContain(option);
        Directory.Exists(folder["data"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public async Task It_stops_cleanly(PosixSignal signal)
    {
        using var folder = new TemporaryFolder();
        await using var up = await UpProcess.StartAsync(folder["data"], UpPorts.Pick());
        var (code, _, errors) = await up.StopAsync(signal);
        code.ShouldBe(0);
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_taken_port_is_named_with_what_to_do()
    {
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        using var taken = new TcpListener(IPAddress.Loopback, ports.Api);
        taken.Start();
        var (code, _, errors) = await UpProcess.RunToEndAsync(folder["data"], ports);
        code.ShouldBe(1);
        errors.ShouldContain($"Port {ports.Api} is already in use");
        errors.ShouldContain("--api-port");

        using var takenEdge = new TcpListener(IPAddress.Loopback, ports.FirstEdge + 1);
        takenEdge.Start();
        taken.Stop();
        (code, _, errors) = await UpProcess.RunToEndAsync(folder["data"], ports);
        code.ShouldBe(1);
        errors.ShouldContain($"Port {ports.FirstEdge + 1} is already in use");
        errors.ShouldContain("--first-edge-port");
    }
}
