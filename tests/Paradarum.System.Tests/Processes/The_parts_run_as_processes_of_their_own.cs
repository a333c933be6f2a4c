using System.Net;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>Issue text "Separate processes": <c>control</c> and <c>edge</c>, from the same parts as <c>up</c>.</summary>
public sealed class The_parts_run_as_processes_of_their_own
{
    [Fact]
    public async Task A_purge_clears_shield_and_PoPs_and_all_stop_in_good_order()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Pops = 2 });
        fleet.Serves("old");
        foreach (var pop in fleet.Pops)
            (await pop.VisitAsync("/page")).ShouldSatisfyAllConditions(
                visit => visit.Status.ShouldBe(HttpStatusCode.OK),
                visit => visit.Cache.ShouldBe("MISS")
            );
        (await fleet.Pops[0].VisitAsync("/page")).Cache.ShouldBe("HIT");
        fleet.Origin.CountOf("/page").ShouldBe(1, "the second PoP was answered by the shield");

        fleet.Serves("new");
        var receipt = await fleet.PurgeAndWaitAsync("Path", "/page");
        receipt["jobCount"]!.GetValue<int>().ShouldBe(6);
        receipt["matched"]!.GetValue<int>().ShouldBe(3);
        foreach (var pop in fleet.Pops)
            (await pop.VisitAsync("/page")).Body.ShouldBe("new");

        foreach (var edge in fleet.Pops.Concat(fleet.Shields))
        {
            var (code, output, errors) = await edge.Process.StopAsync();
            code.ShouldBe(0, errors);
            output.ShouldContain($"name={edge.Name} role={edge.Role}");
        }
        var ended = await fleet.Control.StopAsync();
        ended.Code.ShouldBe(0, ended.Errors);
    }

    [Fact]
    public async Task A_restart_keeps_identities_and_credentials_and_no_secret_is_logged()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Shields = 0, Control = ["--log-level", "debug"] });
        var key = fleet.OperatorKey();
        File.GetUnixFileMode(Path.Combine(fleet.ControlFolder, "operator.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var first = await fleet.Control.StopAsync();
        await fleet.Pops[0].Process.KillAsync();

        await fleet.StartControlAsync();
        fleet.OperatorKey().ShouldBe(key);
        fleet.Pops[0].Launch();
        await fleet.Pops[0].ReadyAsync();
        await fleet.WhenHealthyAsync(fleet.Pops);

        var operatorFile = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(fleet.ControlFolder, "operator.json")))!;
        (first.Output + first.Errors).ShouldNotContain(key);
        (first.Output + first.Errors).ShouldNotContain(operatorFile["adminPassword"]!.GetValue<string>());
        first.Errors.ShouldNotContain("pde_");
        first.Errors.ShouldNotContain("pdn_");
    }

    [Fact]
    public async Task A_token_from_a_file_enrols_once_and_for_its_own_role_only()
    {
        await using var fleet = await ProcessFleet.StartAsync(new ProcessFleetOptions { Shields = 0, Pops = 0 });
        var (_, token) = await fleet.RegisterAsync("pop", "pop-1");
        var file = fleet.Folder["token"];
        await File.WriteAllTextAsync(file, token + "\n");
        string[] Edge(string role, string data) =>
            [
                "edge",
                "--role",
                role,
                "--control",
                $"http://127.0.0.1:{fleet.FleetPort}",
                "--listen",
                "127.0.0.1:0",
                "--data",
                fleet.Folder[data],
                "--enrolment-token-file",
                file,
            ];

        var wrongRole = await ParadarumProcess.RunAsync(Edge("shield", "one"));
        wrongRole.Code.ShouldBe(1);
        wrongRole.Errors.ShouldContain("identity of a PoP; it can't run as a shield");

        await using var edge = ParadarumProcess.Start(Edge("pop", "one"));
        (await edge.LineAsync("paradarum edge: ready")).ShouldContain("name=pop-1 role=pop");
        (await edge.StopAsync()).Errors.ShouldNotContain(token);

        var twice = await ParadarumProcess.RunAsync(Edge("pop", "two"));
        twice.Code.ShouldBe(1);
        twice.Errors.ShouldContain("unknown or was used already");
        twice.Errors.ShouldNotContain(token);

        await File.WriteAllTextAsync(Path.Combine(fleet.Folder["one"], "node.json"), "{", TestContext.Current.CancellationToken);
        var unreadable = await ParadarumProcess.RunAsync(Edge("pop", "one"));
        unreadable.Code.ShouldBe(1);
        unreadable.Errors.ShouldContain("node.json cannot be read: give the node a new enrolment token and an empty data folder.");
    }
}
