using System.Diagnostics;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>What someone meets who has not read anything: help, and what is said of a command line that is wrong.</summary>
public sealed class The_command_line(FleetForCommands shared) : IClassFixture<FleetForCommands>
{
    [Fact]
    public async Task Lists_each_command_with_one_sentence()
    {
        var (code, output, _) = await ParadarumProcess.RunAsync([]);
        code.ShouldBe(0);
        var lines = output.Split('\n');
        lines[1].ShouldBe("  Paradarum: a self-hosted CDN whose purges are provable.");
        foreach (var command in new[] { "up", "control", "edge", "login", "properties", "purge", "audit", "restore" })
            lines.Count(line => line.StartsWith($"  {command} ", StringComparison.Ordinal)).ShouldBe(1, command);
        output.ShouldContain("Purge through the API of a control plane.");
        output.ShouldNotContain("Exit codes");
        lines.Length.ShouldBeLessThan(40, output);
    }

    [Fact]
    public async Task Shows_examples_in_the_help_of_a_command_that_can_be_copied_from_a_narrow_terminal()
    {
        var output = await OnTerminalAsync("purge", "--help");
        output.ShouldContain("  git diff --name-only HEAD~1 | sed 's|^|/|' | paradarum purge --property 7 --file - --wait\n");

        var prose = output[..output.IndexOf("Examples:", StringComparison.Ordinal)].Split('\n');
        prose.ShouldAllBe(line => line.Length <= 80);
        prose.ShouldContain("Every setting --some-name may also be the environment variable");
    }

    [Fact]
    public async Task Cuts_nothing_out_of_a_table_on_a_narrow_terminal()
    {
        var output = await OnTerminalAsync("nodes", "list");
        output.Split('\n')[0].TrimEnd().ShouldBe("name      role    state    traffic  position  lag  address");
        output.ShouldContain($"http://127.0.0.1:{shared.Fleet.Pops[0].Port}");
    }

    [Theory]
    [InlineData("See: paradarum purge --help", "Required argument missing for option: '--path'.", "purge", "--path")]
    [InlineData("See: paradarum purge --help", "Unrecognized command or argument '--pathh'", "purge", "--pathh", "/")]
    [InlineData("See: paradarum keys revoke --help", "command 'revoke': a whole number is expected", "keys", "revoke", "x")]
    [InlineData("See: paradarum nodes --help", "Required command was not provided.", "nodes")]
    [InlineData("See: paradarum nodes add --help", "Option '--role' is required.", "nodes", "add", "pop-9")]
    [InlineData("See: paradarum receipts show --help", "PURGE is empty.", "receipts", "show", "")]
    public async Task Says_what_is_wrong_with_it_and_where_its_help_is(string help, string sentence, params string[] arguments)
    {
        var (code, output, errors) = await ParadarumProcess.RunAsync(arguments);
        (code, errors.Split('\n')[^1]).ShouldBe((1, help));
        (output + errors).ShouldContain(sentence);
        errors.Split('\n').Length.ShouldBeLessThan(6, errors);
    }

    /// <summary>In a terminal of 80 columns, without what colours it.</summary>
    private async Task<string> OnTerminalAsync(params string[] arguments)
    {
        var command = $"stty cols 80; dotnet '{typeof(UpCommand).Assembly.Location}' {string.Join(' ', arguments)}";
        var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["TERM"] = "dumb";
        start.Environment["PARADARUM_URL"] = $"http://127.0.0.1:{shared.Fleet.ApiPort}";
        start.Environment["PARADARUM_KEY"] = shared.Fleet.OperatorKey();
        using var script = Process.Start(start)!;
        var output = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        script.ExitCode.ShouldBe(0, output);
        return output.ReplaceLineEndings("\n");
    }
}
