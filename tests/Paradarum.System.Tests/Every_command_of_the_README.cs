using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Paradarum.SystemTests.Up;
using Paradarum.Testing;

namespace Paradarum.SystemTests;

public sealed partial class Every_command_of_the_README
{
    // The gate cannot run inside itself; that it runs is shown by this test running.
    private const string Gate = "./test";
    private const string Up = "dotnet run --project src/Paradarum -c Release -- up";

    [Fact]
    public async Task Does_what_the_README_says()
    {
        var root = Root();
        var commands = ShellBlock()
            .Matches(await File.ReadAllTextAsync(Path.Combine(root, "README.md")))
            .Select(match => match.Groups["command"].Value.Trim())
            .ToList();
        commands[..2].ShouldBe([Up, Gate]);
        File.GetUnixFileMode(Path.Combine(root, Gate)).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();

        // The first command is what UpProcess starts (the built executable, other ports, a folder of its own).
        using var folder = new TemporaryFolder();
        var ports = UpPorts.Pick();
        await using var up = await UpProcess.StartAsync(folder["paradarum-data"], ports);
        // One shell for the rest, as a reader would use: later commands use what earlier ones set.
        var (code, output) = await RunAsync(WithPorts(string.Join('\n', commands[2..]), ports), folder.Path);
        code.ShouldBe(0, output);
        XCache().Matches(output).Select(match => match.Value).ShouldBe(["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS"]);
        output.ShouldContain("6 jobs queued across 1 shields + 2 PoPs.");
        output.ShouldContain("\"state\":\"complete\"");
    }

    [Fact]
    public async Task As_printed_by_up_works_as_it_stands()
    {
        using var folder = new TemporaryFolder();
        await using var up = await UpProcess.StartAsync(folder["data"], UpPorts.Pick());
        var (_, output, _) = await up.StopAsync(); // to have all it printed; the next start keeps every fact that the commands name
        var commands = output.Split('\n').Where(line => line.StartsWith("curl ", StringComparison.Ordinal)).ToList();
        commands.Count.ShouldBe(3);
        var byCommand = output.Split('\n').Single(line => line.Contains(" purge --path / --wait --url ", StringComparison.Ordinal));

        await using var again = await UpProcess.StartAsync(
            folder["data"],
            new UpPorts(new Uri(up.Facts.Api).Port, new Uri(up.Facts.Shields[0].Url).Port)
        );
        var first = await RunAsync(commands[0], folder.Path);
        var purge = await RunAsync(commands[1], folder.Path);
        var second = await RunAsync(commands[2], folder.Path);
        first.Output.ShouldContain("X-Cache: MISS");
        purge.Output.ShouldContain("\"state\":\"complete\"");
        second.Output.ShouldContain("X-Cache: MISS");
        Rendering(second.Output).ShouldNotBe(Rendering(first.Output));
        (await RunAsync(byCommand, folder.Path)).Output.ShouldContain("complete after");

        static string Rendering(string page) =>
            RenderedAt().Match(page) is { Success: true } time ? time.Value : throw new InvalidDataException(page);
    }

    private static string WithPorts(string command, UpPorts ports) =>
        command
            .Replace("localhost:5252", $"localhost:{ports.Api}", StringComparison.Ordinal)
            .Replace("cdn.localhost:5261", $"cdn.localhost:{ports.FirstEdge + 1}", StringComparison.Ordinal);

    private static async Task<(int Code, string Output)> RunAsync(string command, string folder)
    {
        var start = new ProcessStartInfo("bash")
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-euo", "pipefail", "-c", command },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));

    [GeneratedRegex("```sh\n(?<command>.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("X-Cache: [A-Z]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex XCache();

    [GeneratedRegex("<time[^<]*", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RenderedAt();
}
