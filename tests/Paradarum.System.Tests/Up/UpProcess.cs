using System.Runtime.InteropServices;
using System.Text.Json;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Up;

/// <summary><c>paradarum up</c> as a process of its own, as a newcomer starts it.</summary>
internal sealed class UpProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(20);

    private readonly ParadarumProcess _process;

    private UpProcess(string dataFolder, ParadarumProcess process) => (DataFolder, _process) = (dataFolder, process);

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
            await up._process.LineAsync("# Visit again");
        }
        catch (TimeoutException)
        {
            await up.DisposeAsync();
            throw;
        }
        up.ReadyAfter = up._process.ProcessorTime;
        up.Facts = UpFacts.Read(dataFolder);
        return up;
    }

    /// <summary>Starts it with the expectation that it ends by itself.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunToEndAsync(string dataFolder, UpPorts ports, params string[] more)
    {
        await using var up = Launch(dataFolder, ports, more);
        return await up._process.EndAsync().WaitAsync(EndsWithin);
    }

    /// <summary>SIGTERM or SIGINT; then what it left behind.</summary>
    public async Task<(int Code, string Output, string Errors)> StopAsync(PosixSignal signal = PosixSignal.SIGTERM)
    {
        _process.Signal(signal == PosixSignal.SIGINT ? ParadarumProcess.Interrupt : ParadarumProcess.Terminate);
        return await _process.EndAsync().WaitAsync(EndsWithin);
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    public HttpClient Api(string? key = null)
    {
        var client = new HttpClient { BaseAddress = new Uri(Facts.Api) };
        client.DefaultRequestHeaders.Add("X-API-Key", key ?? Facts.ApiKey);
        return client;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static UpProcess Launch(string dataFolder, UpPorts ports, string[] more) =>
        new(
            dataFolder,
            ParadarumProcess.Start([
                "up",
                "--data",
                dataFolder,
                "--api-port",
                $"{ports.Api}",
                "--first-edge-port",
                $"{ports.FirstEdge}",
                .. more,
            ])
        );
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
