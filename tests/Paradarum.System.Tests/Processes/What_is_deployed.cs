using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.SystemTests.Processes;

/// <summary>deploy/ and the notices: what an operator copies must be what this version reads.</summary>
public sealed class What_is_deployed
{
    private static string Config(string name) => Path.Combine(SourceTree.Root, "deploy", "config", name);

    [Fact]
    public async Task Starts_a_control_plane_a_shield_and_a_PoP_from_the_sample_configuration()
    {
        using var folder = new TemporaryFolder();
        var (api, fleet) = (FreePorts.Row(1), FreePorts.Row(1));
        // What belongs to a machine is said beside the file; all else is the file's.
        await using var control = ParadarumProcess.Start([
            "control",
            "--config",
            Config("control.json"),
            "--data",
            folder["control"],
            "--api-listen",
            $"localhost:{api}",
            "--fleet-listen",
            $"localhost:{fleet}",
        ]);
        await control.LineAsync("paradarum control: ready");
        var login = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PARADARUM_URL"] = $"http://127.0.0.1:{api}",
            ["PARADARUM_KEY_FILE"] = Path.Combine(folder["control"], "operator.json"),
        };
        foreach (var role in new[] { "shield", "pop" })
        {
            var (code, token, errors) = await ParadarumProcess.RunAsync(["nodes", "add", $"{role}-1", "--role", role], login);
            code.ShouldBe(0, errors);
            await File.WriteAllTextAsync(folder[$"{role}.token"], token);
            File.SetUnixFileMode(folder[$"{role}.token"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var port = FreePorts.Row(1);
            await using var edge = ParadarumProcess.Start([
                "edge",
                "--config",
                Config($"{role}.json"),
                "--data",
                folder[role],
                "--control",
                $"http://127.0.0.1:{fleet}",
                "--listen",
                $"127.0.0.1:{port}",
                "--public-url",
                $"http://127.0.0.1:{port}",
                "--enrolment-token-file",
                folder[$"{role}.token"],
                .. role == "pop" ? ["--https", $"127.0.0.1:{FreePorts.Row(1)}"] : Array.Empty<string>(),
            ]);
            (await edge.LineAsync("paradarum edge: ready")).ShouldContain($"role={role}");
        }

        var made = await ParadarumProcess.RunAsync(["properties", "create", "my-shop", "--origin", "https://origin.example.com"], login);
        made.Code.ShouldBe(0, made.Errors);
        (await ParadarumProcess.RunAsync(["hostnames", "list", "--property", "my-shop"], login)).Output.ShouldContain(
            "my-shop.cdn.example.net"
        );
    }

    [Theory]
    [InlineData("paradarum-control.service", 15)]
    [InlineData("paradarum-edge@.service", 18)]
    public async Task Has_service_units_that_systemd_understands_and_finds_well_confined(string unit, int exposure)
    {
        using var folder = new TemporaryFolder();
        // The program is where the unit says only on a machine it was installed on.
        var text = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "deploy", "systemd", unit));
        var file = folder[unit.Replace("@.", "@pop.", StringComparison.Ordinal)];
        await File.WriteAllTextAsync(file, text.Replace("/usr/local/bin/paradarum", "/bin/true", StringComparison.Ordinal));
        (await AnalyzeAsync("verify", file)).ShouldBe((0, ""));
        // In tenths: 0 is confined as far as can be, 100 not at all.
        var (code, said) = await AnalyzeAsync("security", "--offline=true", $"--threshold={exposure}", file);
        code.ShouldBe(0, said);
    }

    private static async Task<(int Code, string Said)> AnalyzeAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("systemd-analyze", ["--no-pager", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var analysis = Process.Start(start)!;
        var (output, errors) = (analysis.StandardOutput.ReadToEndAsync(), analysis.StandardError.ReadToEndAsync());
        await analysis.WaitForExitAsync();
        return (analysis.ExitCode, await output + await errors);
    }

    [Fact]
    public async Task Starts_a_control_plane_on_PostgreSQL_from_the_sample_configuration_of_both()
    {
        using var folder = new TemporaryFolder();
        // The archive belongs to the machine; what the server makes of each other line is its own to say.
        using var database = PostgresServer.Start([
            .. (await File.ReadAllLinesAsync(Path.Combine(SourceTree.Root, "deploy", "postgresql", "paradarum.conf"))).Where(line =>
                !line.StartsWith("archive_command", StringComparison.Ordinal)
            ),
            "archive_command = 'true'",
        ]);
        database.Scalar("SHOW synchronous_standby_names").ShouldBe("*");
        using var standby = PostgresServer.StartStandby(database, "standby");
        var sample = JsonNode.Parse(await File.ReadAllTextAsync(Config("control-postgresql.json")))!["database"]!.GetValue<string>();
        new NpgsqlConnectionStringBuilder(sample).Database.ShouldBe("paradarum");
        await using var control = ParadarumProcess.Start([
            "control",
            "--config",
            Config("control-postgresql.json"),
            "--data",
            folder["control"],
            "--database",
            database.ConnectionString(),
            "--api-listen",
            $"localhost:{FreePorts.Row(1)}",
            "--fleet-listen",
            $"localhost:{FreePorts.Row(1)}",
        ]);
        await control.LineAsync("paradarum control: ready");
        database.Scalar("SELECT value FROM log_meta WHERE name = 'synchronous'").ShouldBe("1");
    }

    [Fact]
    public async Task Has_a_balancers_configuration_that_the_balancer_takes()
    {
        var (file, arguments) = ("haproxy", new[] { "-c", "-f", Path.Combine(SourceTree.Root, "deploy", "postgresql", "haproxy.cfg") });
        using var haproxy = Process.Start(
            new ProcessStartInfo(file, arguments)
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        var said = await haproxy.StandardError.ReadToEndAsync();
        await haproxy.WaitForExitAsync();
        haproxy.ExitCode.ShouldBe(0, said);
        said.ShouldNotContain("WARNING");
    }

    [Fact]
    public async Task Names_every_package_that_is_shipped_in_its_version()
    {
        var notices = (await File.ReadAllLinesAsync(Path.Combine(SourceTree.Root, "THIRD-PARTY-NOTICES.txt"))).ToHashSet(
            StringComparer.Ordinal
        );
        string[] notShipped = ["Meziantou.Analyzer", "Microsoft.CodeAnalysis.BannedApiAnalyzers"];
        var locked = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "src", "Paradarum", "packages.lock.json")))!;
        var shipped = locked["dependencies"]!
            .AsObject()
            .SelectMany(framework => framework.Value!.AsObject())
            .Where(package => package.Value!["type"]!.GetValue<string>() != "Project" && !notShipped.Contains(package.Key))
            .Select(package => $"{package.Key} {package.Value!["resolved"]!.GetValue<string>()}")
            .ToArray();
        shipped.Length.ShouldBeGreaterThan(20);
        shipped.Where(line => !notices.Contains(line)).ShouldBeEmpty("THIRD-PARTY-NOTICES.txt is stale: run eng/notices.mjs");
        notices.ShouldNotContain("  licence: unknown");
    }
}
