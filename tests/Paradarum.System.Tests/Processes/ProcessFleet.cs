using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>How a fleet of processes is laid out: where things listen, and how they reach one another.</summary>
internal sealed record ProcessFleetOptions
{
    public int Shields { get; init; } = 1;

    public int Pops { get; init; } = 1;

    public string Lease { get; init; } = "600ms";

    public string Grace { get; init; } = "600ms";

    /// <summary>More settings of the control plane.</summary>
    public IReadOnlyList<string> Control { get; init; } = [];

    /// <summary>More settings of every node.</summary>
    public IReadOnlyList<string> Edge { get; init; } = [];

    /// <summary>Each process has a wall clock of its own, which the test can let jump.</summary>
    public bool FakesClocks { get; init; }

    /// <summary>Called with the folder before anything is in it.</summary>
    public Func<string, Task> Prepare { get; init; } = _ => Task.CompletedTask;
}

/// <summary>
/// Control plane, shields and PoPs as processes, an origin in this one. Each node follows the log over a link that a test can cut or freeze.
/// </summary>
internal sealed class ProcessFleet : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal)
    {
        ["PARADARUM_LOG_LEVEL"] = "warning",
        ["PARADARUM_PROBE_EVERY"] = "0",
    };

    private readonly ProcessFleetOptions _options;
    private readonly TemporaryFolder _folder = new();
    private readonly List<EdgeProcess> _edges = [];
    private readonly Dictionary<string, FakedClock> _clocks = new(StringComparer.Ordinal);
    private HttpClient? _api;

    private ProcessFleet(ProcessFleetOptions options)
    {
        _options = options;
        ControlFolder = _folder["control"];
        (ApiPort, FleetPort) = (FreePorts.Row(1), FreePorts.Row(1));
    }

    public int ApiPort { get; }

    public int FleetPort { get; }

    public ScriptedOrigin Origin { get; } = new();

    public ParadarumProcess Control { get; private set; } = null!;

    /// <summary>The control plane's data folder; a restore moves on to another one.</summary>
    public string ControlFolder { get; set; }

    public TemporaryFolder Folder => _folder;

    public long PropertyId { get; private set; }

    public const string Host = "site.cdn.localhost";

    public IReadOnlyList<EdgeProcess> Shields => [.. _edges.Where(edge => edge.Role == "shield")];

    public IReadOnlyList<EdgeProcess> Pops => [.. _edges.Where(edge => edge.Role == "pop")];

    /// <summary>Of the control plane (<c>control</c>) or of a node, by its name.</summary>
    public FakedClock ClockOf(string process) =>
        _clocks.TryGetValue(process, out var clock) ? clock : _clocks[process] = new FakedClock(_folder, process);

    /// <summary>Sends the operator's key.</summary>
    public HttpClient Api => _api ?? throw new InvalidOperationException("The control plane never ran.");

    /// <summary>Started, and every node ready.</summary>
    public static async Task<ProcessFleet> StartAsync(ProcessFleetOptions? options = null)
    {
        var fleet = new ProcessFleet(options ?? new ProcessFleetOptions());
        try
        {
            await fleet._options.Prepare(fleet.ControlFolder);
            await fleet.StartControlAsync();
            fleet.PropertyId = await fleet.AddPropertyAsync("site");
            // Shields first: a PoP that joins then knows them from its first moment.
            await fleet.AddEdgesAsync("shield", fleet._options.Shields);
            await fleet.AddEdgesAsync("pop", fleet._options.Pops);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the control plane, for the first time or again.</summary>
    public async Task StartControlAsync(params string[] more)
    {
        Control = ParadarumProcess.Start(
            [
                "control",
                "--data",
                ControlFolder,
                "--api-listen",
                $"localhost:{ApiPort}",
                "--fleet-listen",
                $"localhost:{FleetPort}",
                "--lease",
                _options.Lease,
                "--origins-allow",
                "loopback",
                "--grace",
                _options.Grace,
                .. _options.Control,
                .. more,
            ],
            new Dictionary<string, string>(Quiet.Concat(ClockFor("control")), StringComparer.Ordinal)
        );
        await Control.LineAsync("paradarum control: ready");
        _api?.Dispose();
        _api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ApiPort}"), Timeout = TimeSpan.FromSeconds(70) };
        _api.DefaultRequestHeaders.Add("X-API-Key", OperatorKey());
    }

    public string OperatorKey() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(ControlFolder, "operator.json")))!["apiKey"]!.GetValue<string>();

    /// <summary>Registers a node over the REST API; its enrolment token.</summary>
    public async Task<(string Id, string Token)> RegisterAsync(string role, string name)
    {
        using var answer = await Api.PostAsJsonAsync($"/api/{(role == "shield" ? "shield" : "node")}", new { name });
        var data = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!;
        return (data["id"]!.GetValue<string>(), data["enrolmentToken"]!.GetValue<string>());
    }

    public async Task<EdgeProcess> AddEdgeAsync(string role, string name)
    {
        var (id, token) = await RegisterAsync(role, name);
        var link = new CuttableLink(FleetPort);
        var controls = link.Url.GetLeftPart(UriPartial.Authority);
        var edge = new EdgeProcess(role, name, id, _folder[name], FreePorts.Row(1), controls, _options.Edge, link)
        {
            Environment = ClockFor(name),
        };
        _edges.Add(edge);
        edge.Launch(token);
        return edge;
    }

    private IReadOnlyDictionary<string, string> ClockFor(string process) =>
        _options.FakesClocks ? ClockOf(process).Environment : new Dictionary<string, string>(StringComparer.Ordinal);

    public Task<string> PurgeAsync(string type, string? value = null) => Api.PurgeAsync(PropertyId, new { type, value });

    public Task<JsonObject> ReceiptAsync(string location, string? wait = null) => Api.ReceiptAsync(location, wait);

    /// <summary>Purges and waits until it is complete.</summary>
    public async Task<JsonObject> PurgeAndWaitAsync(string type, string? value = null)
    {
        var receipt = await ReceiptAsync(await PurgeAsync(type, value), "60s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete", receipt.ToJsonString());
        return receipt;
    }

    /// <summary>From now on the origin answers every request with this.</summary>
    public void Serves(string body, string fields = "Cache-Control: max-age=600") =>
        Origin.Script = exchange => exchange.RespondAsync(body, fields);

    /// <summary>The line of one node in a receipt.</summary>
    public static string StateOf(JsonObject receipt, EdgeProcess edge) =>
        receipt["perNode"]!.AsArray().Single(node => node!["id"]!.GetValue<string>() == edge.Id)!["state"]!.GetValue<string>();

    /// <summary>What the fleet's list says of a node; null when it is gone.</summary>
    public async Task<JsonNode?> ListedAsync(EdgeProcess edge)
    {
        var answer = await Api.GetFromJsonAsync<JsonObject>($"/api/{(edge.Role == "shield" ? "shield" : "node")}?pageSize=100");
        return answer!["data"]!.AsArray().FirstOrDefault(node => node!["id"]!.GetValue<string>() == edge.Id);
    }

    /// <summary>Completes when the control plane counts each of them as healthy.</summary>
    public async Task WhenHealthyAsync(params IEnumerable<EdgeProcess> edges)
    {
        foreach (var edge in edges)
            await Eventually.Async(
                // After a control plane's start a node is healthy on the former one's word until it has come.
                async () => await ListedAsync(edge) is { } node && node["healthy"]!.GetValue<bool>() && node["connected"]!.GetValue<bool>(),
                $"{edge.Name} is healthy"
            );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var edge in _edges)
            await edge.DisposeAsync();
        if (Control is not null)
            await Control.DisposeAsync();
        _api?.Dispose();
        await Origin.DisposeAsync();
        foreach (var (_, clock) in _clocks)
            clock.Dispose();
        _folder.Dispose();
    }

    private async Task<long> AddPropertyAsync(string name)
    {
        var order = new
        {
            name,
            origins = new[] { new { host = $"http://127.0.0.1:{Origin.Port.ToString(CultureInfo.InvariantCulture)}" } },
        };
        using var answer = await Api.PostAsJsonAsync("/api/property", order);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").GetProperty("id").GetInt64();
    }

    private async Task AddEdgesAsync(string role, int count)
    {
        var edges = new List<EdgeProcess>();
        for (var n = 1; n <= count; n++)
            edges.Add(await AddEdgeAsync(role, $"{role}-{n}"));
        foreach (var edge in edges)
            await edge.ReadyAsync();
        await WhenHealthyAsync(edges);
    }
}

/// <summary>One node as a process; kept over its restarts.</summary>
internal sealed class EdgeProcess(
    string role,
    string name,
    string id,
    string folder,
    int port,
    string controls,
    IReadOnlyList<string> more,
    CuttableLink? link = null
) : IAsyncDisposable
{
    public string Role => role;

    public string Name => name;

    public string Id => id;

    public string Folder => folder;

    /// <summary>Beside what this process has, at every start.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public int Port => port;

    /// <summary>Its way to the control plane.</summary>
    public CuttableLink Link => link ?? throw new InvalidOperationException("It has no link of its own.");

    public ParadarumProcess Process { get; private set; } = null!;

    public Visitor Visitor { get; private set; } = null!;

    public Task<Visit> VisitAsync(string target, params (string Name, string Value)[] headers) => Visitor.GetAsync(target, headers);

    /// <summary>Starts it, for the first time or again.</summary>
    public void Launch(string? token = null)
    {
        Process = ParadarumProcess.Start(
            [
                "edge",
                "--role",
                role,
                "--control",
                controls,
                "--listen",
                $"127.0.0.1:{port}",
                "--data",
                folder,
                "--origins-allow",
                "loopback",
                "--shield-rests-for",
                "0",
                "--log-level",
                "warning",
                .. more,
            ],
            new Dictionary<string, string>(
                token is null ? Environment : Environment.Append(KeyValuePair.Create("PARADARUM_ENROLMENT_TOKEN", token)),
                StringComparer.Ordinal
            )
        );
        Visitor?.Dispose();
        Visitor = new Visitor($"http://127.0.0.1:{port}", ProcessFleet.Host);
    }

    public Task ListeningAsync() => Process.LineAsync("paradarum edge: listening");

    public Task ReadyAsync() => Process.LineAsync("paradarum edge: ready");

    public async ValueTask DisposeAsync()
    {
        Visitor?.Dispose();
        if (Process is not null)
            await Process.DisposeAsync();
        if (link is not null)
            await link.DisposeAsync();
    }
}
