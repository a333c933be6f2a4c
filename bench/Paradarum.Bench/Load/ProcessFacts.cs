using System.Globalization;

namespace Paradarum.Bench.Load;

/// <summary>What the kernel says of a process.</summary>
internal static class ProcessFacts
{
    private const int TicksPerSecond = 100; // USER_HZ, the same on every Linux

    /// <summary>Processor time so far, user and system.</summary>
    public static TimeSpan ProcessorTime(int process)
    {
        // After the name in parentheses, which may hold anything: state is field 3, utime 14, stime 15.
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    /// <summary>Resident memory in bytes.</summary>
    public static long Resident(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    public static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
