using System.Globalization;
using System.Text;

namespace Paradarum.SystemTests.Attack;

/// <summary>The table that an attack ends with.</summary>
internal static class AttackReport
{
    /// <param name="on">What was attacked, for the first line.</param>
    /// <param name="remarks">Lines below it.</param>
    /// <param name="further">Figures of this kind of attack.</param>
    /// <param name="errors">What control planes said on their standard error; the last lines are shown.</param>
    public static string Of(
        string on,
        IReadOnlyList<string> remarks,
        AttackLedger ledger,
        IFaults faults,
        IReadOnlyList<(string What, object Figure)> further,
        string errors,
        TimeSpan length,
        int seed
    )
    {
        var text = new StringBuilder();
        void Line(string what, object figure) => text.Append(CultureInfo.InvariantCulture, $"| {what, -42} | {figure, 8} |\n");

        text.Append(CultureInfo.InvariantCulture, $"An attack of {length.TotalSeconds:0} s on {on}, seed {seed}.\n");
        foreach (var remark in remarks)
            text.Append(CultureInfo.InvariantCulture, $"{remark}\n");
        text.Append('\n');
        Line("what", "count");
        Line("---", "---");
        Line("purges accepted", ledger.Accepted);
        Line("purges refused or not answered", ledger.Refused);
        foreach (var (reason, count) in ledger.Refusals.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            Line("  " + (reason.Length > 40 ? reason[..37] + "..." : reason), count);
        Line("purges lost", ledger.Open.Count);
        Line("reads answered", ledger.Reads);
        Line("of them from a PoP's store", ledger.Hits);
        Line("reads not answered", ledger.Unanswered);
        Line("stale reads after complete", ledger.Stale.Count);
        Line("longest time to complete", string.Create(CultureInfo.InvariantCulture, $"{ledger.LongestToComplete.TotalSeconds:0.00} s"));
        foreach (var (what, figure) in further)
            Line(what, figure);
        Line("faults injected", faults.Injected.Values.Sum());
        foreach (var (name, count) in faults.Injected)
            Line("  " + name, count);
        foreach (var stale in ledger.Stale.Take(20))
            text.Append(CultureInfo.InvariantCulture, $"STALE {stale}\n");
        foreach (var lost in ledger.Open.Take(20))
            text.Append(CultureInfo.InvariantCulture, $"LOST {lost}\n");
        foreach (var line in errors.Split('\n').TakeLast(10))
            text.Append(CultureInfo.InvariantCulture, $"control plane: {(line.Length > 300 ? line[..297] + "..." : line)}\n");
        return text.ToString();
    }

    /// <summary>Keeps the table beside the tests, where whoever ran them prints it from, and holds it against what must be.</summary>
    public static async Task JudgeAsync(string report, AttackLedger ledger, string file)
    {
        await File.WriteAllTextAsync(Path.Combine(AppContext.BaseDirectory, file), report);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        ledger.Stale.ShouldBeEmpty(report);
        ledger.Open.ShouldBeEmpty(report);
        // That there was something to lose and something to be stale.
        ledger.Completed.ShouldBeGreaterThan(50, report);
        ledger.Hits.ShouldBeGreaterThan(50, report);
    }
}
