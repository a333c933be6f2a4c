using System.Diagnostics;
using System.Text.RegularExpressions;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Hostile;

/// <summary>Header fields, targets, hosts and stored entries under a fuzzer that follows the code's branches: 30 s here, <c>eng/fuzz 10m</c> for longer.</summary>
public sealed partial class The_readers_of_what_strangers_send
{
    [Fact]
    public async Task Keep_their_promises_under_a_fuzzer()
    {
        // The program was built with this one.
        var start = new ProcessStartInfo(Path.Combine(SourceTree.Root, "eng", "fuzz"), ["30s"])
        {
            UseShellExecute = false,
            WorkingDirectory = SourceTree.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FUZZ_NO_BUILD"] = "1" },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var table = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        TestReport.Say($"eng/fuzz 30s:\n{table}");

        process.ExitCode.ShouldBe(0, table + await errors);
        var rows = Row().Matches(table);
        rows.Count.ShouldBe(Directory.GetDirectories(Path.Combine(SourceTree.Root, "tests/Paradarum.Fuzz/Seeds")).Length, table);
        // A fuzzer that sees no branches keeps the seeds alone: then the assemblies were not instrumented, and this would prove nothing.
        foreach (Match row in rows)
            int.Parse(row.Groups["paths"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(4, table);
    }

    [GeneratedRegex(@"^\| [a-z-]+ \| [0-9]+ \| (?<paths>[0-9]+) \| 0 \|$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Row();
}
