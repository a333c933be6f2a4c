using System.Text;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Runs;

/// <summary>Leaves out of a schedule that breaks a promise whatever it does not take: first halves, then smaller parts, then single incidents.</summary>
internal static class Shrinker
{
    /// <summary>The incidents that are needed, by their place in the whole schedule, and what they break.</summary>
    public static (IReadOnlyList<int> Kept, string What) Shrink(ulong seed, Mutation mutation = Mutation.None)
    {
        List<int> kept = [.. Enumerable.Range(0, Schedule.Of(seed).Incidents.Count)];
        var what = Broken(seed, kept, mutation) ?? throw new ArgumentException("This seed breaks nothing.", nameof(seed));
        for (var size = kept.Count / 2; size > 0; )
        {
            var smaller = false;
            for (var at = 0; at < kept.Count; )
            {
                List<int> fewer = [.. kept.Take(at), .. kept.Skip(at + size)];
                if (Broken(seed, fewer, mutation) is { } still && Promise(still) == Promise(what))
                    (kept, what, smaller) = (fewer, still, true);
                else
                    at += size;
            }
            if (!smaller || size > 1)
                size /= 2;
        }
        return (kept, what);
    }

    /// <summary>What to read, and the line to add to the named seeds.</summary>
    public static string Report(ulong seed, Mutation mutation = Mutation.None)
    {
        var (kept, what) = Shrink(seed, mutation);
        var schedule = Schedule.Of(seed, kept);
        var report = new StringBuilder();
        report.AppendLine($"Seed {seed}: {what}");
        report.AppendLine($"Shrunk to {kept.Count} incidents; to keep it: new(\"what it shows\", {seed}, [{string.Join(", ", kept)}])");
        foreach (var incident in schedule.Incidents)
            report.AppendLine($"  {incident}");
        report.AppendLine($"  {schedule.Settings}");
        foreach (var line in new Simulation(schedule, mutation, traces: true).Run().History.Trace!.TakeLast(40))
            report.AppendLine($"    {line}");
        return report.ToString();
    }

    /// <summary>Which promise a sentence is about: what stands between the time and the colon.</summary>
    private static string Promise(string what) =>
        what[(what.IndexOf(' ', StringComparison.Ordinal) + 1)..what.IndexOf(':', StringComparison.Ordinal)];

    private static string? Broken(ulong seed, List<int> kept, Mutation mutation) =>
        new Simulation(Schedule.Of(seed, kept), mutation).Run().History.Broken;
}
