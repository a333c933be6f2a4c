using System.Diagnostics;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>One small fleet for all commands of the client.</summary>
public sealed class FleetForCommands : IAsyncLifetime
{
    internal ProcessFleet Fleet { get; private set; } = null!;

    /// <summary>Whom the control plane asks (<c>--dns-server</c>).</summary>
    internal TestDns Dns { get; } = new();

    // Longer leases than usual: a frozen node is not to be fenced in the time that a command takes to start.
    public async ValueTask InitializeAsync() =>
        Fleet = await ProcessFleet.StartAsync(
            new ProcessFleetOptions
            {
                Lease = "3s",
                Grace = "3s",
                Control = ["--dns-server", $"{Dns.Address}"],
            }
        );

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        await Dns.DisposeAsync();
    }
}

/// <summary>Issue text "Separate processes": <c>paradarum purge</c> is the client of the REST contract.</summary>
public sealed class The_purge_command(FleetForCommands shared) : IClassFixture<FleetForCommands>
{
    private readonly ProcessFleet _fleet = shared.Fleet;

    private string KeyFile => Path.Combine(_fleet.ControlFolder, "operator.json");

    private Dictionary<string, string> Where =>
        new(StringComparer.Ordinal) { ["PARADARUM_URL"] = $"http://127.0.0.1:{_fleet.ApiPort}", ["PARADARUM_KEY_FILE"] = KeyFile };

    [Theory]
    [InlineData("--all")]
    [InlineData("--path", "/dir/page.html")]
    [InlineData("--extension", "html")]
    [InlineData("--regex", "^/dir/p")]
    [InlineData("--regex", "/dir/", "--match", "starts-with")]
    public async Task Takes_what_was_named_and_waits_until_it_is_complete(params string[] what)
    {
        _fleet.Serves("old");
        await _fleet.Pops[0].VisitAsync("/dir/page.html");
        _fleet.Serves("new");

        var (code, output, errors) = await PurgeAsync([.. what, "--property", "site", "--wait"]);

        code.ShouldBe(0, errors);
        output.ShouldContain("Purge request accepted. 4 jobs queued across 1 shields + 1 PoPs.");
        output.ShouldContain("shield shield-1 applied\n");
        output.ShouldContain("pop pop-1 applied\n");
        output.Split('\n')[^1].ShouldStartWith("complete after ");
        output.ShouldNotContain("\u001b", Case.Sensitive, "plain lines where the output is no terminal");
        (await _fleet.Pops[0].VisitAsync("/dir/page.html")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Shows_a_bar_for_each_node_on_a_terminal()
    {
        // script gives the command a terminal of its own.
        var start = new ProcessStartInfo("script")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList = { "-qec", $"dotnet {typeof(UpCommand).Assembly.Location} purge --all --wait", "/dev/null" },
        };
        foreach (var (name, value) in Where.Append(new("TERM", "xterm-256color")))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.ShouldBe(0, output);
        output.ShouldContain("\u001b[");
        output.ShouldContain("complete: 4 of 4 jobs");
        output.ShouldContain("shield shield-1 applied");
        output.ShouldContain("pop    pop-1 applied");
        output.ShouldContain("complete after ");
    }

    [Theory]
    [InlineData("""[{"type":"Path","value":"/a"},{"type":"Extension","value":"css"}]""")]
    [InlineData("""{"items":[{"type":"Path","value":"/a"},{"type":"Extension","value":"css"}]}""")]
    [InlineData("# two\n/a\n\nextension css\n")]
    public async Task Sends_a_file_as_one_batch(string text)
    {
        var file = _fleet.Folder[$"batch-{text.Length}"];
        await File.WriteAllTextAsync(file, text);
        var (code, output, errors) = await PurgeAsync("--file", file);
        code.ShouldBe(0, errors);
        output.ShouldContain("2 of 2 items accepted");
        var receipt = output.Split('\n').Single(line => line.StartsWith("receipt ", StringComparison.Ordinal))["receipt ".Length..];
        var items = (await _fleet.ReceiptAsync(new Uri(receipt).PathAndQuery))["items"]!.AsArray();
        items.Select(item => $"{item!["type"]} {item["value"]}").ShouldBe(["Path /a", "Extension css"]);
    }

    [Fact]
    public async Task Says_which_items_were_rejected_and_ends_with_3()
    {
        var (code, output, errors) = await PurgeAsync("--path", "/a", "--regex", "(", "--wait");
        code.ShouldBe(3);
        output.ShouldContain("1 of 2 items accepted");
        errors.ShouldStartWith("item 1 was rejected: ");
    }

    [Fact]
    public async Task Ends_with_1_before_anything_is_sent_when_it_was_called_wrongly()
    {
        await ShouldFail(1, "Say what to purge: --all, --path, --extension, --regex or --file.");
        await ShouldFail(1, "--match says how --regex is meant: give both.", "--all", "--match", "equals");
        await ShouldFail(
            1,
            "--match: 'like' is not one of equals, contains, starts_with, ends_with, regex.",
            "--regex",
            "x",
            "--match",
            "like"
        );
        await ShouldFail(1, "--property: there is no property named 'shop'. This key sees site (1).", "--all", "--property", "shop");
        var lines = _fleet.Folder["wrong-lines"];
        await File.WriteAllTextAsync(lines, "/a\nhttp://x/\n");
        await ShouldFail(1, $"--file: {lines}: line 2 is 'http://x/'.", "--file", lines);
        var (code, _, errors) = await ParadarumProcess.RunAsync(["purge", "--all"]);
        (code, errors).ShouldBe(
            (1, "Nobody is signed in. Run paradarum login, or give --key-file, such as paradarum-data/up.json, or set PARADARUM_KEY.")
        );
    }

    [Fact]
    public async Task Ends_with_2_when_the_API_refuses_and_says_what_to_do()
    {
        await ShouldFail(2, "Property not found. Give a property that this key may see with --property.", "--all", "--property", "99");
        await ShouldFail(2, "Path must start with '/'.", "--path", "page");
        var (code, _, errors) = await ParadarumProcess.RunAsync(
            ["purge", "--all", "--property", "1"],
            new Dictionary<string, string>(Where, StringComparer.Ordinal) { ["PARADARUM_KEY"] = "pdm_wrong" }
        );
        code.ShouldBe(2, errors);
        errors.ShouldContain("Give a valid one with --key-file or PARADARUM_KEY, or sign in: paradarum login");
        errors.ShouldNotContain("pdm_wrong");
    }

    [Fact]
    public async Task Ends_with_4_when_the_API_is_not_there()
    {
        var port = FreePorts.Row(1);
        await ShouldFail(4, $"http://127.0.0.1:{port}/ can't be reached", "--all", "--url", $"http://127.0.0.1:{port}");
    }

    [Fact]
    public async Task Ends_with_5_when_it_is_not_complete_in_time_and_the_purge_goes_on()
    {
        _fleet.Pops[0].Link.Freeze();
        var (code, output, errors) = await PurgeAsync("--all", "--wait", "--timeout", "300ms");
        _fleet.Pops[0].Link.Restore();
        code.ShouldBe(5, output);
        errors.ShouldBe("Not complete within --timeout. The purge goes on; its receipt says when it is.");
        var receipt = output.Split('\n').Single(line => line.StartsWith("receipt ", StringComparison.Ordinal))["receipt ".Length..];
        (await _fleet.ReceiptAsync(new Uri(receipt).PathAndQuery, "30s"))["state"]!.GetValue<string>().ShouldBe("complete");
        await _fleet.WhenHealthyAsync(_fleet.Pops);
    }

    [Fact]
    public async Task Queues_nothing_twice_with_one_idempotency_key()
    {
        var first = await PurgeAsync("--path", "/once", "--idempotency-key", "k1");
        var second = await PurgeAsync("--path", "/once", "--idempotency-key", "k1");
        (first.Code, second.Code).ShouldBe((0, 0));
        second.Output.ShouldBe(first.Output);
    }

    private async Task ShouldFail(int code, string sentence, params string[] arguments)
    {
        var run = await PurgeAsync(arguments);
        run.Code.ShouldBe(code, run.Errors);
        run.Errors.ShouldContain(sentence);
        run.Output.ShouldBeEmpty();
    }

    private Task<(int Code, string Output, string Errors)> PurgeAsync(params string[] arguments) =>
        ParadarumProcess.RunAsync(["purge", .. arguments], Where);
}
