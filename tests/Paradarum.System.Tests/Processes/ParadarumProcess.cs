using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>One <c>paradarum</c> command as a process of its own, with what it prints.</summary>
internal sealed partial class ParadarumProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const int Pause = 19;
    public const int Continue = 18;

    // A guard against hanging, not a promise: a machine that runs everything else at once may be slow.
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly List<string> _lines = [];
    private readonly List<(string Start, TaskCompletionSource<string> Seen)> _waiters = [];
    private readonly Task _reading;
    private bool _ended;

    private ParadarumProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadLinesAsync(), ReadErrorsAsync());
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>So far, user and system.</summary>
    public TimeSpan ProcessorTime => _process.TotalProcessorTime;

    /// <summary>What it printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    public string Errors => string.Join('\n', _errors);

    /// <param name="arguments">After the program's name.</param>
    /// <param name="environment">Beside what this process has.</param>
    /// <param name="within">What the program is started by, such as <c>ip netns exec NAME</c>; it must replace itself by it.</param>
    public static ParadarumProcess Start(
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        IReadOnlyList<string>? within = null
    )
    {
        string[] command = [.. within ?? [], "dotnet", typeof(UpCommand).Assembly.Location, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PARADARUM_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;
        return new ParadarumProcess(Process.Start(start)!);
    }

    /// <summary>Runs a command that ends by itself.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        await using var process = Start(arguments, environment);
        return await process.EndAsync();
    }

    /// <summary>The first line that starts so, printed already or later; a process that ends without it fails the test with what it said.</summary>
    public async Task<string> LineAsync(string start)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.Find(line => line.StartsWith(start, StringComparison.Ordinal)) is { } line)
                return line;
            if (_ended)
                throw Silent(start);
            _waiters.Add((start, seen));
        }
        try
        {
            return await seen.Task.WaitAsync(Within);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"No line \"{start}\" within {Within.TotalSeconds} s. It said:\n{Output}\n{Errors}", late);
        }
    }

    public void Signal(int signal) => kill(_process.Id, signal).ShouldBe(0, $"It has ended.\n{Errors}");

    /// <summary>SIGSTOP, and waits until it has stopped: on a busy machine its threads go on, and answer, until each has had its turn to stop.</summary>
    public Task PauseAsync()
    {
        Signal(Pause);
        return Eventually.Async(() => HasStopped());
    }

    private bool HasStopped()
    {
        try
        {
            // proc(5): the state follows the name, which stands in brackets and may hold any character.
            return Directory
                .GetDirectories($"/proc/{Id}/task")
                .Select(thread => File.ReadAllText(Path.Combine(thread, "stat")))
                .All(stat => stat[stat.LastIndexOf(')') + 2] == 'T');
        }
        catch (IOException)
        {
            return false; // one of its threads has just ended
        }
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public Task<(int Code, string Output, string Errors)> StopAsync()
    {
        Signal(Terminate);
        return EndAsync();
    }

    public async Task<(int Code, string Output, string Errors)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Within);
        await _reading;
        lock (_lines)
            return (_process.ExitCode, string.Join('\n', _lines), Errors);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task ReadLinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
                foreach (var (_, seen) in _waiters.Where(waiter => line.StartsWith(waiter.Start, StringComparison.Ordinal)))
                    seen.TrySetResult(line);
            }
        }
        lock (_lines)
        {
            _ended = true;
            foreach (var (start, seen) in _waiters)
                seen.TrySetException(Silent(start));
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            _errors.Enqueue(line);
    }

    private InvalidOperationException Silent(string start) =>
        new($"It ended without saying '{start}'.\n{string.Join('\n', _lines)}\n{Errors}");

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
