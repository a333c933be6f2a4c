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
