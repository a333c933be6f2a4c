using System.Diagnostics;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>Issue text "Command line": login, properties, hostnames, keys, nodes, receipts, purge --preview, against a control plane with nodes.</summary>
public sealed class The_client_commands(FleetForCommands shared) : IClassFixture<FleetForCommands>, IDisposable
{
    private readonly ProcessFleet _fleet = shared.Fleet;
    private readonly TemporaryFolder _home = new();

    private string Url => $"http://127.0.0.1:{_fleet.ApiPort}";

    [Fact]
    public async Task Sign_in_once_and_know_who_they_are_from_a_file_for_its_owner_alone()
    {
        var credentials = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_fleet.ControlFolder, "operator.json")))!;
        var password = credentials["adminPassword"]!.GetValue<string>();
        var (code, output, errors) = await RunAsync(
            ["login", "--url", Url, "--email", "admin@localhost"],
            ("PARADARUM_PASSWORD", password)
        );
        code.ShouldBe(0, errors);
        output.ShouldContain("admin@localhost");
        output.ShouldNotContain(password);
        File.GetUnixFileMode(_home["profile.json"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await File.ReadAllTextAsync(_home["profile.json"])).ShouldNotContain(password);

        (await RunAsync(["properties", "list"])).Output.ShouldContain("site");
        (await RunAsync(["nodes", "list"])).Output.ShouldContain("healthy");

        File.SetUnixFileMode(_home["profile.json"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var refused = await RunAsync(["properties", "list"]);
        (refused.Code, refused.Errors).ShouldBe(
            (1, $"Others on this machine may read {_home["profile.json"]}. Run: chmod 600 {_home["profile.json"]}")
        );
    }

    [Fact]
    public async Task Make_a_property_and_a_key_for_it_and_take_both_away()
    {
        (await ByKeyAsync("properties", "create", "by-command", "--origin", $"http://127.0.0.1:{_fleet.Origin.Port}")).Output.ShouldBe(
            "Property created successfully."
        );
        var shown = JsonNode.Parse((await ByKeyAsync("properties", "show", "by-command", "--json")).Output)!;
        shown["hostnames"]![0]!["name"]!.GetValue<string>().ShouldBe("by-command.cdn.localhost");
        (await ByKeyAsync("hostnames", "list", "--property", "by-command")).Output.ShouldContain("by-command.cdn.localhost");

        var (code, key, errors) = await ByKeyAsync("keys", "create", "for one", "--scope", "purge", "--property", "by-command");
        (code, key.Length).ShouldBe((0, 32), errors);
        errors.ShouldContain("it is not shown again");
        var id = shown["id"]!.GetValue<long>();
        (await RunAsync(["purge", "--all", "--property", $"{id}", "--url", Url, "--wait"], ("PARADARUM_KEY", key))).Code.ShouldBe(0);
        var listed = JsonNode.Parse((await ByKeyAsync("keys", "list", "--json")).Output)!.AsArray();
        var made = listed.Single(item => item!["name"]!.GetValue<string>() == "for one")!;
        (await ByKeyAsync("keys", "revoke", $"{made["id"]}")).Code.ShouldBe(0);
        (await RunAsync(["purge", "--all", "--property", $"{id}", "--url", Url], ("PARADARUM_KEY", key))).Code.ShouldBe(2);

        (await ByKeyAsync("hostnames", "remove", "by-command.cdn.localhost", "--property", "by-command")).Code.ShouldBe(0);
        (await ByKeyAsync("properties", "delete", "by-command")).Output.ShouldBe("Property deleted successfully.");
    }

    [Fact]
    public async Task Add_a_hostname_that_is_served_once_its_DNS_record_leads_to_a_PoP()
    {
        string[] site = ["--property", "site"];
        const string Name = "www.by-command.example";
        const string Missing =
            $"WARNING: DNS verification failed. {Name} does not exist in DNS (NXDOMAIN); expected is a public address of a PoP: 127.0.0.1. "
            + "Change its DNS record, then verify again.";
        (await ByKeyAsync(["hostnames", "add", Name, .. site])).ShouldBe((0, $"Hostname created successfully. {Missing}", ""));
        (await LineOfAsync(Name)).ShouldContain("pending validation");
        (await ByKeyAsync(["hostnames", "verify", Name, .. site])).ShouldBe((2, "", Missing), "a script that waits for it goes on waiting");

        shared.Dns.Says(Name, "CNAME pops.by-command.example");
        shared.Dns.Says("pops.by-command.example", "A 127.0.0.1");
        (await ByKeyAsync(["hostnames", "verify", Name, .. site])).ShouldBe((0, "Hostname verified successfully.", ""));
        (await LineOfAsync(Name)).ShouldContain("active");
        _fleet.Serves("by its new name");
        using var visitor = new Visitor($"http://127.0.0.1:{_fleet.Pops[0].Port}", Name);
        await Eventually.Async(async () => (await visitor.GetAsync("/")).Body == "by its new name", "the PoP serves it");

        // One whose record is right from the start needs no second step; and what is asked for wrongly is said.
        shared.Dns.Says("shop.by-command.example", "A 127.0.0.1");
        var added = JsonNode.Parse((await ByKeyAsync(["hostnames", "add", "shop.by-command.example", "--json", .. site])).Output)!;
        (added["message"]!.GetValue<string>(), added["data"]!["status"]!.GetValue<int>()).ShouldBe(("Hostname created successfully.", 0));
        (await ByKeyAsync(["hostnames", "add", Name, .. site])).ShouldBe((2, "", $"Hostname '{Name}' already belongs to a property."));
        (await ByKeyAsync(["hostnames", "verify", "none.example", .. site])).ShouldBe(
            (1, "", "The property has no hostname 'none.example'. See: paradarum hostnames list")
        );
        (await ByKeyAsync(["hostnames", "verify", "999999", .. site])).ShouldBe((2, "", "Hostname not found."));
    }

    [Fact]
    public async Task Preview_a_purge_then_list_and_show_its_receipt()
    {
        _fleet.Serves("old");
        await _fleet.Pops[0].VisitAsync("/previewed");
        var preview = JsonNode.Parse(
            (await ByKeyAsync("purge", "--property", "site", "--path", "/previewed", "--preview", "--json")).Output
        )!;
        preview["objects"]!.GetValue<int>().ShouldBe(2, "one on the shield, one on the PoP");

        (await ByKeyAsync("purge", "--property", "site", "--path", "/previewed", "--wait")).Code.ShouldBe(0);
        var receipts = JsonNode
            .Parse((await ByKeyAsync("receipts", "list", "--property", "site", "--json", "--last", "1")).Output)!
            .AsArray();
        receipts.Count.ShouldBe(1);
        var purge = receipts[0]!["purgeId"]!.GetValue<string>();
        var shown = (await ByKeyAsync("receipts", "show", purge, "--property", "site", "--wait")).Output;
        shown.ShouldContain("Path /previewed");
        shown.ShouldContain("complete");
        shown.ShouldContain("pop    pop-1 applied");
        (await ByKeyAsync("receipts", "show", "none", "--property", "site")).ShouldBe((2, "", "Purge not found."));
    }

    [Fact]
    public async Task Make_switch_and_remove_a_node()
    {
        var (code, token, errors) = await ByKeyAsync("nodes", "add", "pop-2", "--role", "pop");
        code.ShouldBe(0, errors);
        token.ShouldStartWith("pde_");
        (await ByKeyAsync("nodes", "off", "pop-2")).Output.ShouldBe("Traffic disabled successfully.");
        (await ByKeyAsync("nodes", "list"))
            .Output.Split('\n')
            .Single(line => line.Contains("pop-2", StringComparison.Ordinal))
            .ShouldContain("not enrolled");
        (await ByKeyAsync("nodes", "remove", "pop-2")).Code.ShouldBe(0);
        (await ByKeyAsync("nodes", "on", "pop-2")).ShouldBe((1, "", "There is no node 'pop-2'. See: paradarum nodes list"));
    }

    [Fact]
    public async Task Tell_who_did_what_and_follow_it_until_they_are_stopped()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PARADARUM_URL"] = Url,
            ["PARADARUM_KEY"] = _fleet.OperatorKey(),
            ["PARADARUM_PROFILE"] = _home["profile.json"],
        };
        (await ByKeyAsync("keys", "create", "first")).Code.ShouldBe(0);
        var newest = JsonNode.Parse((await ByKeyAsync("audit", "--type", "key", "--last", "1", "--json")).Output)!.AsArray().Single()!;
        newest["subject"]!.GetValue<string>().ShouldBe("first");
        newest["after"]!["name"]!.GetValue<string>().ShouldBe("first");

        await using var follower = ParadarumProcess.Start(["audit", "--follow", "--type", "key", "--last", "1"], environment);
        var shown = await follower.LineAsync($"{newest["at"]!.GetValue<string>()[..10]} ");
        shown.ShouldContain($"  {_fleet.OperatorKey()[..8]}");
        shown.ShouldEndWith("  key created           first");
        await using var script = ParadarumProcess.Start(["audit", "--follow", "--last", "0", "--json"], environment);
        // It has begun when it shows something: until then changes are made.
        var (made, seen) = (0, script.LineAsync("{"));
        while (!seen.IsCompleted)
            (await ByKeyAsync("keys", "create", $"later-{++made}")).Code.ShouldBe(0);
        var entry = JsonNode.Parse(await seen)!;
        (entry["type"]!.GetValue<string>(), entry["action"]!.GetValue<string>()).ShouldBe(("key", "created"));
        (await ByKeyAsync("purge", "--property", "site", "--path", "/audited", "--wait")).Code.ShouldBe(0);
        (await ByKeyAsync("audit", "--property", "site", "--type", "purge", "--last", "1")).Output.ShouldContain("Path /audited");

        (await ByKeyAsync("keys", "create", "the-last")).Code.ShouldBe(0);
        await Eventually.Async(() => follower.Output.Contains("the-last", StringComparison.Ordinal));
        follower.Signal(ParadarumProcess.Interrupt);
        var (code, output, errors) = await follower.EndAsync();
        (code, errors).ShouldBe((0, ""));
        output
            .Split('\n')
            .Select(line => line.Split(' ')[^1])
            .ShouldBe(["first", .. Enumerable.Range(1, made).Select(n => $"later-{n}"), "the-last"], "each once, in order");
        (await ByKeyAsync("audit", "--type", "nothing")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task End_with_4_when_nobody_answers_and_with_1_without_a_credential()
    {
        var unreached = await RunAsync(["properties", "list", "--url", "http://127.0.0.1:9"], ("PARADARUM_KEY", _fleet.OperatorKey()));
        unreached.Code.ShouldBe(4);
        unreached.Errors.ShouldContain("http://127.0.0.1:9/ can't be reached");
        (await RunAsync(["properties", "list"])).Code.ShouldBe(1);
    }

    [Fact]
    public async Task Complete_in_a_shell_what_the_program_knows()
    {
        var program = typeof(UpCommand).Assembly.Location;
        var script = (await RunAsync(["completion", "bash"])).Output;
        var line = "paradarum nodes li";
        var start = new ProcessStartInfo(
            "bash",
            [
                "-c",
                $"paradarum() {{ dotnet '{program}' \"$@\"; }}\n{script}\nCOMP_LINE='{line}' COMP_POINT={line.Length} COMP_WORDS=(paradarum nodes li) COMP_CWORD=2\n_paradarum\necho \"${{COMPREPLY[@]}}\"",
            ]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var bash = Process.Start(start)!;
        (await bash.StandardOutput.ReadToEndAsync()).Trim().ShouldBe("list");
        foreach (var shell in new[] { "zsh", "fish" })
            (await RunAsync(["completion", shell])).Output.ShouldContain("[suggest:");
    }

    public void Dispose() => _home.Dispose();

    private async Task<string> LineOfAsync(string hostname) =>
        (await ByKeyAsync("hostnames", "list", "--property", "site"))
            .Output.Split('\n')
            .Single(line => line.Contains(hostname, StringComparison.Ordinal));

    private Task<(int Code, string Output, string Errors)> ByKeyAsync(params string[] arguments) =>
        RunAsync(arguments, ("PARADARUM_URL", Url), ("PARADARUM_KEY", _fleet.OperatorKey()));

    private Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var all = environment.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        all["PARADARUM_PROFILE"] = _home["profile.json"];
        return ParadarumProcess.RunAsync(arguments, all);
    }
}
