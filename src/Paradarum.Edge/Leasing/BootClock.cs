using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Paradarum.Edge.Leasing;

/// <summary>
/// A clock whose timestamps count the time in which the machine was suspended (CLOCK_BOOTTIME), so that a lease does not
/// outlive a sleep. Timestamps are in nanoseconds; wall-clock time and timers are the system's.
/// </summary>
public sealed partial class BootClock : TimeProvider
{
    private const int ClockBoottime = 7;

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp()
    {
        if (clock_gettime(ClockBoottime, out var time) != 0)
            throw new UnreachableException("clock_gettime(CLOCK_BOOTTIME) failed: Linux 2.6.39 or later is needed.");
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
