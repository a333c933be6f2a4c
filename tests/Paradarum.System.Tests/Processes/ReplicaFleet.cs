using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>Control planes that stand by for one another, a shield and a PoP that know all of them, each a process; an origin in this one.</summary>
internal sealed class ReplicaFleet : IAsyncDisposable
{
    private const string Quiet = "warning";

    private readonly TemporaryFolder _folder = new();
    private readonly List<Replica> _controls = [];
    private readonly List<EdgeProcess> _edges = [];
    private List<Replica> _known = [];

    public ScriptedOrigin Origin { get; } = new();

    public long PropertyId { get; private set; }

    public IReadOnlyList<EdgeProcess> Edges => _edges;

    /// <summary>Started: the first control plane works, the others stand by, every node is ready.</summary>
    /// <param name="database">Connection string for all.</param>
    /// <param name="nodesKnow">How many of the control planes the nodes have been told of, the last ones; null: all.</param>
    /// <param name="ofTheFirst">Another one for the first of them, such as over a link that can be cut.</param>
    public static async Task<ReplicaFleet> StartAsync(
        string database,
        int controls,
        string? ofTheFirst = null,
        int shields = 1,
        int pops = 1,
        int? nodesKnow = null
    )
    {
        var fleet = new ReplicaFleet();
        try
        {
            for (var i = 0; i < controls; i++)
            {
                fleet._controls.Add(new Replica(fleet._folder[$"control-{i}"], i == 0 ? ofTheFirst ?? database : database));
                fleet.Start(i);
                if (i == 0)
                    await fleet._controls[0].Process.LineAsync("paradarum control: ready");
                else
                    await fleet.StandsByAsync(i);
            }
            var key = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(fleet._controls[0].Folder, "operator.json")))!["apiKey"]!;
            foreach (var control in fleet._controls)
                control.Client.DefaultRequestHeaders.Add("X-API-Key", key.GetValue<string>());
            fleet._known = fleet._controls[^(nodesKnow ?? controls)..];
            fleet.PropertyId = await fleet.AddPropertyAsync();
            for (var n = 1; n <= shields; n++)
                await fleet.AddEdgeAsync("shield", $"shield-{n.ToString(CultureInfo.InvariantCulture)}");
            for (var n = 1; n <= pops; n++)
                await fleet.AddEdgeAsync("pop", $"pop-{n.ToString(CultureInfo.InvariantCulture)}");
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public HttpClient ClientOf(int control) => _controls[control].Client;

    public ParadarumProcess ProcessOf(int control) => _controls[control].Process;

    public void Start(int control) => _controls[control].Launch();

    public Task KillAsync(int control) => _controls[control].Process.KillAsync();

    public async Task<HttpStatusCode> HealthAsync(int control, string what)
    {
        using var answer = await ClientOf(control).GetAsync($"/health/{what}");
        return answer.StatusCode;
    }

    /// <summary>Completes when it takes purges and counts every node as healthy: for the length of a lease after a takeover on the word of the former one.</summary>
    public async Task WorksAsync(int control)
    {
        await WaitAsync(control, () => IsTheOneThatWorksAsync(control), $"control plane {control} works");
        await WaitAsync(
            control,
            async () =>
            {
                var (shields, pops) = (await ListAsync(control, "shield"), await ListAsync(control, "node"));
                return shields.Concat(pops).All(node => node!["healthy"]!.GetValue<bool>());
            },
            $"every node has come to control plane {control}"
        );
    }

    /// <summary>With what the control plane has printed, where it does not come.</summary>
    private async Task WaitAsync(int control, Func<Task<bool>> happened, string what)
    {
        try
        {
            await Eventually.Async(happened, what);
        }
        catch (TimeoutException e)
        {
            var process = ProcessOf(control);
            throw new TimeoutException($"{e.Message}{(process.HasExited ? " (it has ended)" : "")}\n{process.Output}\n{process.Errors}", e);
        }
    }

    private async Task<JsonArray> ListAsync(int control, string kind) =>
        (await ClientOf(control).GetFromJsonAsync<JsonObject>($"/api/{kind}?pageSize=100"))!["data"]!.AsArray();

    /// <summary>Which one does.</summary>
    public async Task<int> AnyWorksAsync()
    {
        var works = -1;
        await Eventually.Async(
            async () =>
            {
                for (var i = 0; i < _controls.Count && works < 0; i++)
                {
                    if (await IsTheOneThatWorksAsync(i))
                        works = i;
                }
                return works >= 0;
            },
            "a control plane works"
        );
        await WorksAsync(works);
        return works;
    }

    public Task StandsByAsync(int control) =>
        WaitAsync(
            control,
            async () =>
            {
                try
                {
                    using var answer = await ClientOf(control).GetAsync("/health/ready");
                    return (await answer.Content.ReadAsStringAsync()).StartsWith("standing by", StringComparison.Ordinal);
                }
                catch (HttpRequestException)
                {
                    return false; // between two states it listens nowhere
                }
            },
            $"control plane {control} stands by"
        );

    /// <summary>What a request with another key is answered with.</summary>
    public async Task<HttpStatusCode> StatusWithAsync(int control, string key)
    {
        using var client = new HttpClient { BaseAddress = ClientOf(control).BaseAddress };
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        using var answer = await client.GetAsync("/api/property");
        return answer.StatusCode;
    }

    public void Serves(string body) => Origin.Script = exchange => exchange.RespondAsync(body, "Cache-Control: max-age=600");

    /// <summary>What a visitor of the first PoP is given.</summary>
    public async Task<string> VisitAsync(string target) => (await _edges.First(edge => edge.Role == "pop").VisitAsync(target)).Body;

    public async Task<JsonObject> PurgeAndWaitAsync(int control, string path) =>
        await ClientOf(control).PurgeAndWaitAsync(PropertyId, new { type = "Path", value = path });

    /// <summary>Not one that hands on what it is asked.</summary>
    public async Task<bool> IsTheOneThatWorksAsync(int control)
    {
        // One that hangs says nothing at all.
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
        try
        {
            using var answer = await ClientOf(control).GetAsync("/health/ready", soon.Token);
            return await answer.Content.ReadAsStringAsync() == "ready\n";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<long> AddPropertyAsync()
    {
        var order = new
        {
            name = "site",
            origins = new[] { new { host = $"http://127.0.0.1:{Origin.Port.ToString(CultureInfo.InvariantCulture)}" } },
        };
        using var answer = await ClientOf(0).PostAsJsonAsync("/api/property", order);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").GetProperty("id").GetInt64();
    }

    private async Task AddEdgeAsync(string role, string name)
    {
        using var answer = await ClientOf(0).PostAsJsonAsync($"/api/{(role == "shield" ? "shield" : "node")}", new { name });
        var data = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!;
        var controls = string.Join(',', _known.Select(control => $"http://127.0.0.1:{control.FleetPort}"));
        var edge = new EdgeProcess(role, name, data["id"]!.GetValue<string>(), _folder[name], FreePorts.Row(1), controls, []);
        _edges.Add(edge);
        edge.Launch(data["enrolmentToken"]!.GetValue<string>());
        await edge.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var edge in _edges)
            await edge.DisposeAsync();
        foreach (var control in _controls)
            await control.DisposeAsync();
        await Origin.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class Replica : IAsyncDisposable
    {
        private readonly string _database;
        private readonly int _apiPort = FreePorts.Row(1);

        public Replica(string folder, string database)
        {
            (Folder, _database) = (folder, database);
            Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_apiPort}"), Timeout = TimeSpan.FromSeconds(70) };
        }

        public string Folder { get; }

        public int FleetPort { get; } = FreePorts.Row(1);

        public HttpClient Client { get; }

        public ParadarumProcess Process { get; private set; } = null!;

        public void Launch() =>
            Process = ParadarumProcess.Start(
                [
                    "control",
                    "--data",
                    Folder,
                    "--api-listen",
                    $"127.0.0.1:{_apiPort}",
                    "--fleet-listen",
                    $"127.0.0.1:{FleetPort}",
                    "--lease",
                    "2s",
                    "--grace",
                    "6s",
                    "--origins-allow",
                    "loopback",
                ],
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["PARADARUM_DATABASE"] = _database,
                    ["PARADARUM_LOG_LEVEL"] = Quiet,
                    ["PARADARUM_PROBE_EVERY"] = "0",
                }
            );

        public async ValueTask DisposeAsync()
        {
            if (Process is not null)
                await Process.DisposeAsync();
            Client.Dispose();
        }
    }
}
