using System.Diagnostics;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>docs/ci: the commands in the files, taken from there, against a fleet.</summary>
public sealed class The_purge_steps_for_CI(FleetForCommands shared) : IClassFixture<FleetForCommands>
{
    private readonly ProcessFleet _fleet = shared.Fleet;

    [Theory]
    [InlineData("purge.sh", "COMMIT")]
    [InlineData("github-actions.yml", "GITHUB_SHA")]
    [InlineData("gitlab-ci.yml", "CI_COMMIT_SHA")]
    public async Task Purge_and_wait_for_the_receipt(string file, string commit)
    {
        _fleet.Serves("old");
        await _fleet.Pops[0].VisitAsync("/page");
        _fleet.Serves("new");

        var (code, output) = await RunAsync(file, commit, _fleet.OperatorKey());

        code.ShouldBe(0, output);
        output.ShouldContain("complete: /api/property/");
        (await _fleet.Pops[0].VisitAsync("/page")).Body.ShouldBe("new");
    }

    [Theory]
    [InlineData("purge.sh", "COMMIT")]
    [InlineData("github-actions.yml", "GITHUB_SHA")]
    [InlineData("gitlab-ci.yml", "CI_COMMIT_SHA")]
    public async Task Fail_with_what_the_API_said(string file, string commit)
    {
        var (code, output) = await RunAsync(file, commit, "pdm_wrong");
        code.ShouldNotBe(0);
        output.ShouldContain("Authentication required.");
    }

    private async Task<(int Code, string Output)> RunAsync(string file, string commit, string key)
    {
        using var scratch = new TemporaryFolder();
        var start = new ProcessStartInfo("sh", ["-c", Script(file)])
        {
            WorkingDirectory = scratch.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PARADARUM_URL"] = $"http://127.0.0.1:{_fleet.ApiPort}",
                ["PARADARUM_KEY"] = key,
                ["PARADARUM_PROPERTY"] = $"{_fleet.PropertyId}",
                [commit] = $"{file}-{Guid.NewGuid():N}",
            },
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>All of a script; of a YAML file the one block of text that a step runs.</summary>
    private static string Script(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "ci", file));
        if (file.EndsWith(".sh", StringComparison.Ordinal))
            return string.Join('\n', lines);
        var head = Array.FindLastIndex(
            lines,
            line => line.EndsWith(": |", StringComparison.Ordinal) || line.EndsWith("- |", StringComparison.Ordinal)
        );
        var indent = lines[head + 1].Length - lines[head + 1].TrimStart().Length;
        return string.Join(
            '\n',
            lines
                .Skip(head + 1)
                .TakeWhile(line => line.Length == 0 || line[..indent].Trim().Length == 0)
                .Select(line => line.Length > indent ? line[indent..] : "")
        );
    }
}
