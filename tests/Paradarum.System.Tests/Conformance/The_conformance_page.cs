using System.Text.RegularExpressions;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Conformance;

/// <summary><c>docs/conformance.md</c> names tests: they exist.</summary>
public sealed partial class The_conformance_page
{
    [Fact]
    public async Task Names_no_test_that_does_not_exist()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "conformance.md"));
        var named = Named().Matches(page).Select(match => match.Groups["test"].Value).Distinct(StringComparer.Ordinal).ToList();
        named.Count.ShouldBeGreaterThan(50);
        named.Except(await ExistingAsync()).ShouldBeEmpty();
    }

    private static async Task<HashSet<string>> ExistingAsync()
    {
        var tests = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "tests"), "*.cs", SearchOption.AllDirectories))
        {
            var type = "";
            foreach (Match match in Declared().Matches(await File.ReadAllTextAsync(file)))
            {
                if (match.Groups["type"].Success)
                    type = match.Groups["type"].Value;
                else
                    tests.Add($"{type}.{match.Groups["method"].Value}");
            }
        }
        return tests;
    }

    [GeneratedRegex(@"`(?<test>[A-Z]\w+_\w+\.\w+)`", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Named();

    [GeneratedRegex(
        @"\bclass (?<type>\w+)|public (async )?(Task|void) (?<method>\w+)\(",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Declared();
}
