using System.Text.RegularExpressions;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Architecture;

/// <summary>Design section 5: calls between folders go one way.</summary>
public sealed partial class The_layout
{
    /// <summary>What each folder of the control plane may use. Api and Database are the ground all stand on; files outside a folder put everything together.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Api"] = [],
        ["PurgeLog"] = [],
        ["Database"] = ["PurgeLog"],
        // Who did what: written by all that change something, read by Auditing.
        ["Audit"] = ["Api", "PurgeLog"],
        ["Access"] = ["Api", "Audit", "Database", "PurgeLog"],
        ["Catalogue"] = ["Access", "Api", "Audit", "Database", "PurgeLog"],
        ["Fleet"] = ["Access", "Api", "Audit", "Catalogue", "Database", "PurgeLog"],
        ["Purging"] = ["Access", "Api", "Audit", "Catalogue", "Database", "Fleet", "PurgeLog"],
        ["Auditing"] = ["Access", "Api", "Audit", "Database", "PurgeLog", "Purging"],
        ["Webhooks"] = ["Access", "Api", "Audit", "Catalogue", "Database", "Fleet", "PurgeLog", "Purging"],
        // Looks at everything; nothing knows of it.
        ["Telemetry"] = ["Access", "Api", "Catalogue", "Database", "Fleet", "PurgeLog", "Purging"],
        // Stands in front of everything while another one works.
        ["Replicas"] = ["Api", "PurgeLog", "Telemetry"],
        ["Panel"] =
        [
            "Access",
            "Api",
            "Audit",
            "Auditing",
            "Catalogue",
            "Database",
            "Fleet",
            "PurgeLog",
            "Purging",
            "Telemetry",
            "Webhooks",
        ],
    };

    [Fact]
    public void Of_the_control_plane_has_calls_one_way()
    {
        var found = new List<string>();
        var looked = 0;
        foreach (var folder in Directory.GetDirectories(Path.Combine(SourceTree.Root, "src", "Paradarum.Control")).Select(Path.GetFileName))
        {
            if (folder is null or "bin" or "obj")
                continue;
            Allowed.ContainsKey(folder).ShouldBeTrue($"nobody has said what {folder} may use");
            foreach (var (file, used) in Uses(Path.Combine("src", "Paradarum.Control", folder), ControlFolder()))
            {
                looked++;
                if (used != folder && Allowed.ContainsKey(used) && !Allowed[folder].Contains(used, StringComparer.Ordinal))
                    found.Add($"{file} uses {used}");
            }
        }

        looked.ShouldBeGreaterThan(20);
        found.ShouldBeEmpty();
    }

    [Fact]
    public void Allows_no_circle()
    {
        foreach (var folder in Allowed.Keys)
            Reached(folder).ShouldNotContain(folder);

        static HashSet<string> Reached(string from)
        {
            var reached = new HashSet<string>(StringComparer.Ordinal);
            var next = new Queue<string>(Allowed[from]);
            while (next.TryDequeue(out var folder))
            {
                if (reached.Add(folder))
                    Allowed[folder].ToList().ForEach(next.Enqueue);
            }

            return reached;
        }
    }

    [Theory]
    [InlineData("Paradarum.Control", "Edge")]
    [InlineData("Paradarum.Edge", "Control")]
    [InlineData("Paradarum.Protocol", "Edge")]
    [InlineData("Paradarum.Protocol", "Control")]
    public void Keeps_projects_apart(string project, string stranger)
    {
        Uses(Path.Combine("src", project), Project()).Where(use => use.Used == stranger).Select(use => use.File).ShouldBeEmpty();
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, "src", project, $"{project}.csproj"));
        text.ShouldNotContain($"Paradarum.{stranger}.csproj");
    }

    /// <summary>Every name of a namespace in the sources under a folder, comments and strings left out.</summary>
    private static IEnumerable<(string File, string Used)> Uses(string folder, Regex pattern)
    {
        var root = Path.Combine(SourceTree.Root, folder);
        foreach (var file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(root, file);
            if (name.StartsWith("bin", StringComparison.Ordinal) || name.StartsWith("obj", StringComparison.Ordinal))
                continue;
            foreach (Match match in pattern.Matches(NoCode().Replace(File.ReadAllText(file), "")))
                yield return (Path.Combine(folder, name), match.Groups["folder"].Value);
        }
    }

    [GeneratedRegex(@"//[^\n]*|""(?:\\.|[^""\\\n])*""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NoCode();

    /// <summary>As in <c>using Paradarum.Control.Fleet;</c>, <c>Control.Fleet.FleetDesk</c>, and <c>Fleet.FleetDesk</c> seen from within the control plane.</summary>
    [GeneratedRegex(
        @"(?<!namespace Paradarum\.)\bControl\.(?<folder>\w+)|(?<![\w.])(?<folder>Api|PurgeLog|Access|Catalogue|Fleet|Purging|Audit|Auditing|Webhooks)\.[A-Z]",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex ControlFolder();

    [GeneratedRegex(@"(?<!namespace )\bParadarum\.(?<folder>Control|Edge)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Project();
}
