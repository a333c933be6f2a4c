using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Up;

/// <summary><c>paradarum up</c> as a process of its own, as a newcomer starts it.</summary>
internal sealed partial class UpProcess : IAsyncDisposable
{
    // A guard against hanging, not the promise of ten seconds: a machine that runs everything else at once may be slower.
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;
    private readonly TaskCompletionSource _banner = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private UpProcess(string dataFolder, Process process)
    {
        DataFolder = dataFolder;
        _process = process;
        _output = CollectAsync(process.StandardOutput);
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string DataFolder { get; }

    public UpFacts Facts { get; private set; } = null!;

    /// <summary>Processor time from the start until it was ready: what of the promised ten seconds does not depend on the machine's other work.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    public int ProcessId => _process.Id;

    /// <summary>Starts it and waits until it prints its banner; else the test fails with what it said.</summary>
    public static async Task<UpProcess> StartAsync(string dataFolder, UpPorts ports, params string[] more)
    {
        var up = Launch(dataFolder, ports, more);
        try
        {
            await up._banner.Task.WaitAsync(ReadyWithin);
        }
        catch (TimeoutException)
        {
            await up.KillAsync();
            Assert.Fail($"Not ready within {ReadyWithin}.\n{await up._output}\n{await up._errors}");
        }
        up.ReadyAfter = up._process.TotalProcessorTime;
        up.Facts = UpFacts.Read(dataFolder);
        return up;
    }

    /// <summary>Starts it with the expectation that it ends by itself.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunToEndAsync(string dataFolder, UpPorts ports, params string[] more)
    {
        await using var up = Launch(dataFolder, ports, more);
        return await up.EndAsync();
    }

    /// <summary>SIGTERM or SIGINT; then what it left behind.</summary>
    public async Task<(int Code, string Output, string Errors)> StopAsync(PosixSignal signal = PosixSignal.SIGTERM)
    {
        kill(_process.Id, signal == PosixSignal.SIGINT ? 2 : 15).ShouldBe(0);
        return await EndAsync();
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public HttpClient Api(string? key = null)
    {
        var client = new HttpClient { BaseAddress = new Uri(Facts.Api) };
        client.DefaultRequestHeaders.Add("X-API-Key", key ?? Facts.ApiKey);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private static UpProcess Launch(string dataFolder, UpPorts ports, string[] more)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                typeof(UpCommand).Assembly.Location,
                "up",
                "--data",
                dataFolder,
                "--api-port",
                $"{ports.Api}",
                "--first-edge-port",
                $"{ports.FirstEdge}",
            },
        };
        foreach (var argument in more)
            start.ArgumentList.Add(argument);
        return new UpProcess(dataFolder, Process.Start(start)!);
    }

    private async Task<(int Code, string Output, string Errors)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return (_process.ExitCode, await _output, await _errors);
    }

    private async Task<string> CollectAsync(StreamReader reader)
    {
        var text = new System.Text.StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            if (line.StartsWith("# Visit again", StringComparison.Ordinal))
                _banner.TrySetResult();
        }
        _banner.TrySetException(new InvalidOperationException($"It ended before it was ready.\n{text}\n{await _errors}"));
        return text.ToString();
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}

/// <summary>Where one <c>up</c> listens; kept over its restarts.</summary>
internal sealed record UpPorts(int Api, int FirstEdge)
{
    public static UpPorts Pick(int edges = 3)
    {
        var first = FreePorts.Row(edges + 1);
        return new UpPorts(first, first + 1);
    }
}

/// <summary>up.json as a script reads it.</summary>
internal sealed record UpFacts(
    string Api,
    string ApiKey,
    string AdminEmail,
    string AdminPassword,
    long PropertyId,
    string Hostname,
    string Origin,
    UpFacts.Node[] Shields,
    UpFacts.Node[] Pops
)
{
    internal sealed record Node(string Id, string Url);

    public static UpFacts Read(string dataFolder) =>
        JsonSerializer.Deserialize<UpFacts>(File.ReadAllText(Path.Combine(dataFolder, "up.json")), JsonSerializerOptions.Web)!;
}
