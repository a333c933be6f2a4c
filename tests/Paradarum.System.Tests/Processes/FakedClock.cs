using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>
/// The wall clock of one process, which a test can let jump while it runs: a library before the C library adds what a file says, which the process and the test both have in memory.
/// Clocks that only run forward (CLOCK_MONOTONIC, CLOCK_BOOTTIME) stay the machine's, as when an administrator or NTP sets the date. Nothing of the machine is changed.
/// </summary>
/// <remarks>Debian's faketime reads its file, or its own clock, at each of the many times that a runtime asks for the time: a control plane took minutes to start under it.</remarks>
internal sealed class FakedClock : IDisposable
{
    private const string Source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile const long long *offset;

        __attribute__((constructor)) static void begin(void)
        {
            const char *name = getenv("FAKED_CLOCK");
            int file = name ? open(name, O_RDONLY) : -1;
            void *held = file < 0 ? MAP_FAILED : mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
            if (held != MAP_FAILED)
                offset = held;
            if (file >= 0)
                close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *now)
        {
            int failed = syscall(SYS_clock_gettime, clock, now);
            if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                now->tv_sec += *offset;
            return failed;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone)
        {
            struct timespec exact;
            (void)zone;
            clock_gettime(CLOCK_REALTIME, &exact);
            now->tv_sec = exact.tv_sec;
            now->tv_usec = exact.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *kept)
        {
            struct timespec exact;
            clock_gettime(CLOCK_REALTIME, &exact);
            if (kept)
                *kept = exact.tv_sec;
            return exact.tv_sec;
        }
        """;

    private readonly TemporaryFolder _folder;
    private readonly string _file;
    private readonly MemoryMappedFile _shared;
    private readonly MemoryMappedViewAccessor _seconds;

    /// <param name="folder">Where the library and the file lie.</param>
    /// <param name="name">Of the process.</param>
    public FakedClock(TemporaryFolder folder, string name)
    {
        (_folder, _file) = (folder, folder[$"{name}.clock"]);
        File.WriteAllBytes(_file, new byte[sizeof(long)]);
        _shared = MemoryMappedFile.CreateFromFile(_file);
        _seconds = _shared.CreateViewAccessor(0, sizeof(long));
        if (!File.Exists(Library))
            Compile();
    }

    /// <summary>Null when there is no C compiler.</summary>
    public static string? Compiler { get; } = new[] { "/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang" }.FirstOrDefault(File.Exists);

    /// <summary>For the process whose clock it is.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        new Dictionary<string, string>(StringComparer.Ordinal) { ["LD_PRELOAD"] = Library, ["FAKED_CLOCK"] = _file };

    private string Library => _folder["fakedclock.so"];

    /// <summary>From now on it is so far from the machine's.</summary>
    public void JumpTo(TimeSpan offset) => _seconds.Write(0, (long)offset.TotalSeconds);

    public void Dispose()
    {
        _seconds.Dispose();
        _shared.Dispose();
    }

    private void Compile()
    {
        var source = _folder["fakedclock.c"];
        File.WriteAllText(source, Source);
        using var compiler = Process.Start(
            new ProcessStartInfo(Compiler!, ["-shared", "-fPIC", "-O2", "-o", Library, source])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var said = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        compiler.ExitCode.ShouldBe(0, said);
    }
}
