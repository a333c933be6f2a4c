using System.Diagnostics;
using System.Text.Json.Nodes;
using Paradarum.Testing;

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
