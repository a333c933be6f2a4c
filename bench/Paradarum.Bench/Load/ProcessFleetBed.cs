using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.Bench.Load;

/// <summary>Control plane, shields and PoPs as processes that reach one another directly; one property.</summary>
internal sealed class ProcessFleetBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<ParadarumProcess> _nodes = [];
    private string[] _edge = [];
    private string[] _control = [];
    private readonly List<ControlReplica> _standBys = [];
    private HttpClient? _api;
    private int _shields;

    public int ApiPort { get; } = FreePorts.Row(1);

    public int FleetPort { get; } = FreePorts.Row(1);

    public ParadarumProcess Control { get; private set; } = null!;

    public long PropertyId { get; private set; }

    public string ApiKey { get; private set; } = "";

    public HttpClient Api => _api!;

    /// <summary>Processor time so far of the control plane, of the shields together and of the PoPs together.</summary>
    public (TimeSpan Control, TimeSpan Shields, TimeSpan Pops) ProcessorTimes() =>
        (ProcessFacts.ProcessorTime(Control.Id), Together(_nodes[.._shields]), Together(_nodes[_shields..]));

    /// <summary>Control planes beside <see cref="Control"/>, on the same database.</summary>
    public IReadOnlyList<ControlReplica> StandBys => _standBys;

    /// <summary>In the order in which they were started: shields first.</summary>
    public IReadOnlyList<ParadarumProcess> Nodes => _nodes;

    /// <summary>Where a node listens.</summary>
    public static async Task<Uri> AddressAsync(ParadarumProcess node)
    {
        var line = await node.LineAsync("paradarum edge: ready");
        return new Uri(line.Split("url=")[1].Split(' ')[0]);
    }

    /// <param name="shields">Processes of their own.</param>
    /// <param name="pops">The same.</param>
    /// <param name="origin">Of the property; what is given when it is never asked answers nobody.</param>
    /// <param name="edge">More settings of every node.</param>
    /// <param name="control">More settings of the control plane.</param>
    public static async Task<ProcessFleetBed> StartAsync(
        int shields,
        int pops,
        string origin = "http://127.0.0.1:9",
        string[]? edge = null,
        string[]? control = null
    )
    {
        var bed = new ProcessFleetBed { _edge = edge ?? [], _control = control ?? [] };
        await bed.StartControlAsync();
        using var answer = await bed.Api.PostAsJsonAsync(
            "/api/property",
            new { name = "bench", origins = new[] { new { host = origin } } }
        );
        bed.PropertyId = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["id"]!.GetValue<long>();
        bed._shields = shields;
        for (var n = 1; n <= shields; n++)
            await bed.AddNodeAsync("shield", $"shield-{n}");
        for (var n = 1; n <= pops; n++)
            await bed.AddNodeAsync("pop", $"pop-{n}");
        foreach (var node in bed._nodes)
            await node.LineAsync("paradarum edge: ready");
        return bed;
    }

    /// <summary>Starts control planes that hand on what they are asked; they do when it returns.</summary>
    public async Task StartStandBysAsync(int count)
    {
        for (var n = 1; n <= count; n++)
        {
            var replica = new ControlReplica(null!, FreePorts.Row(1), FreePorts.Row(1));
            _standBys.Add(replica = replica with { Process = StartControl($"stand-by-{n}", replica.ApiPort, replica.FleetPort) });
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{replica.ApiPort}") };
            await replica.Process.LineAsync("paradarum control: standing by");
            var until = Stopwatch.GetTimestamp() + (60 * Stopwatch.Frequency);
            while (!await IsReadyAsync(client))
            {
                if (Stopwatch.GetTimestamp() > until)
                    throw new InvalidOperationException("A control plane that stands by does not hand on.");
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it says that it stands by before it listens
        }
    }

    /// <summary>Registers a node; its enrolment token.</summary>
    public async Task<string> RegisterAsync(string role, string name)
    {
        using var answer = await Api.PostAsJsonAsync(role == "shield" ? "/api/shield" : "/api/node", new { name });
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["enrolmentToken"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var replica in _standBys)
            await replica.Process.DisposeAsync();
        if (Control is not null)
            await Control.DisposeAsync();
        _api?.Dispose();
        _folder.Dispose();
    }

    private ParadarumProcess StartControl(string name, int apiPort, int fleetPort) =>
        ParadarumProcess.Start([
            "control",
            "--data",
            _folder[name],
            "--api-listen",
            $"127.0.0.1:{apiPort}",
            "--fleet-listen",
            $"127.0.0.1:{fleetPort}",
            "--log-level",
            "warning",
            "--origins-allow",
            "loopback",
            "--probe-every",
            "0",
            .. _control,
        ]);

    private async Task StartControlAsync()
    {
        Control = StartControl("control", ApiPort, FleetPort);
        await Control.LineAsync("paradarum control: ready");
        await Console.Error.WriteLineAsync($"The control plane is process {Control.Id}."); // for a profiler
        var access = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder["control"], "operator.json")))!;
        ApiKey = access["apiKey"]!.GetValue<string>();
        _api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ApiPort}"), Timeout = TimeSpan.FromSeconds(100) };
        _api.DefaultRequestHeaders.Add("X-API-Key", ApiKey);
    }

    private static TimeSpan Together(IEnumerable<ParadarumProcess> processes) =>
        processes.Aggregate(TimeSpan.Zero, static (sum, process) => sum + ProcessFacts.ProcessorTime(process.Id));

    private async Task AddNodeAsync(string role, string name) =>
        _nodes.Add(NodeProcess.Start(role, FleetPort, _folder[name], await RegisterAsync(role, name), _edge));
}

/// <summary>A control plane that stands by, as a process.</summary>
internal sealed record ControlReplica(ParadarumProcess Process, int ApiPort, int FleetPort);

/// <summary>One node as a process.</summary>
internal static class NodeProcess
{
    public static ParadarumProcess Start(string role, int fleetPort, string folder, string token, params string[] more) =>
        ParadarumProcess.Start(
            [
                "edge",
                "--role",
                role,
                "--control",
                $"http://127.0.0.1:{fleetPort}",
                "--listen",
                $"127.0.0.1:{FreePorts.Row(1)}",
                "--data",
                folder,
                "--origins-allow",
                "loopback",
                "--log-level",
                "warning",
                .. more,
            ],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["PARADARUM_ENROLMENT_TOKEN"] = token }
        );
}
