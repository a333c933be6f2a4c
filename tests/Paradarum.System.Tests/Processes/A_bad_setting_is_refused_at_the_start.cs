using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>All settings are checked at the start, all errors shown at once, each naming the way it was set, its value and what to do.</summary>
public sealed class A_bad_setting_is_refused_at_the_start
{
    [Fact]
    public async Task Together_with_every_other_one_whichever_way_it_was_set()
    {
        using var folder = new TemporaryFolder();
        var file = folder["control.json"];
        await File.WriteAllTextAsync(file, """{ "graze": "1s", "systemDomain": ["x"], "logAge": "5 weeks" }""");
        var (code, output, errors) = await ParadarumProcess.RunAsync(
            ["control", "--config", file, "--api-listen", "nowhere", "--lease", "1h"],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["PARADARUM_GRACE"] = "-1s" }
        );

        code.ShouldBe(1);
        output.ShouldBeEmpty();
        var lines = errors.Split('\n');
        lines.Length.ShouldBe(6, errors);
        lines.ShouldContain(
            "--api-listen: 'nowhere' is not ADDRESS:PORT. Write it as 127.0.0.1:5252, [::1]:5252, localhost:5252 or *:5252 for every address."
        );
        lines.ShouldContain("--lease: '1h' is not a time from 100ms to 1m. Write it as 1m, with ms, s, m, h or d.");
        lines.ShouldContain("PARADARUM_GRACE: '-1s' is not a time from 0 to 10m. Write it as 10m, with ms, s, m, h or d.");
        lines.ShouldContain($"logAge in {file}: '5 weeks' is not a time from 1h to 3650d. Write it as 3650d, with ms, s, m, h or d.");
        lines.ShouldContain($"systemDomain in {file} must be a text, a number, true or false.");
        lines.ShouldContain(line =>
            line.StartsWith($"graze in {file} is not known. Known are apiListen, fleetListen,", StringComparison.Ordinal)
        );
        Directory.Exists("paradarum-control").ShouldBeFalse("nothing is touched before all is right");
    }

    [Fact]
    public async Task What_a_node_needs_is_asked_for_at_once()
    {
        var (code, _, errors) = await ParadarumProcess.RunAsync(["edge", "--listen", "*:8080"]);
        code.ShouldBe(1);
        errors.Split('\n').Select(line => line.Split(' ')[0]).ShouldBe(["--role", "--control", "--public-url", "--data"]);
    }

    [Fact]
    public async Task A_flag_wins_over_a_variable_and_a_variable_over_the_file()
    {
        using var folder = new TemporaryFolder();
        var file = folder["control.json"];
        await File.WriteAllTextAsync(file, """{ "data": "from-file", "fleetListen": "localhost:1", "apiListen": "bad file" }""");
        var (_, _, errors) = await ParadarumProcess.RunAsync(
            ["control", "--config", file, "--fleet-listen", "bad flag"],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["PARADARUM_FLEET_LISTEN"] = "bad variable",
                ["PARADARUM_API_LISTEN"] = "bad variable",
            }
        );
        errors.ShouldContain("PARADARUM_API_LISTEN: 'bad variable'");
        errors.ShouldContain("--fleet-listen: 'bad flag'");
        errors.ShouldNotContain("bad file");
        errors.Split('\n').Length.ShouldBe(2, errors);
    }

    [Fact]
    public async Task A_secret_is_not_repeated()
    {
        using var folder = new TemporaryFolder();
        var (code, _, errors) = await ParadarumProcess.RunAsync([
            "edge",
            "--role",
            "pop",
            "--control",
            "http://127.0.0.1:1",
            "--data",
            folder["node"],
            "--enrolment-token",
            " ",
        ]);
        code.ShouldBe(1);
        errors.ShouldContain("--enrolment-token: what it holds is not usable");
    }

    [Fact]
    public async Task A_control_plane_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        var port = FreePorts.Row(1);
        var (code, _, errors) = await ParadarumProcess.RunAsync([
            "edge",
            "--role",
            "pop",
            "--control",
            $"http://127.0.0.1:{port}",
            "--data",
            folder["node"],
            "--listen",
            "127.0.0.1:0",
            "--enrolment-token",
            "pde_x",
        ]);
        code.ShouldBe(1);
        errors.ShouldContain($"The control plane at http://127.0.0.1:{port}/ can't be reached");
        errors.ShouldNotContain("pde_x");
    }
}
