using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Paradarum.Protocol.Configuration;

/// <summary>
/// Processor time of the calling thread (CLOCK_THREAD_CPUTIME_ID). What a pattern costs must not depend on what else the machine does: on a starved one the time on
/// the wall would widen harmless patterns. A reading costs a fraction of a microsecond.
/// </summary>
public static partial class ThreadClock
{
    private const int ClockThreadCputime = 3;

    /// <summary>Comparable within one thread only.</summary>
    public static TimeSpan Now =>
        clock_gettime(ClockThreadCputime, out var time) == 0
            ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
            : throw new UnreachableException("clock_gettime(CLOCK_THREAD_CPUTIME_ID) failed: Linux 2.6.12 or later is needed.");

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
