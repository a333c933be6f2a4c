using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Attack;

/// <summary>Control plane, two shields, four PoPs and the origin, each a process in its place of the net.</summary>
internal sealed class AttackFleet : IAttackedFleet, IAsyncDisposable
{
    public const string Host = "site.cdn.localhost";
    public static readonly string[] Nodes = ["shield-1", "shield-2", "pop-1", "pop-2", "pop-3", "pop-4"];
    public static readonly string[] Pops = [.. Nodes.Where(node => node.StartsWith("pop", StringComparison.Ordinal))];
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, ParadarumProcess> _processes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly int _fleetPort = FreePorts.Row(1);
    private Process? _origin;
    private SmallDisk? _disk;

    private AttackFleet(IAttackNet net) => Net = net;

    public IAttackNet Net { get; private set; }

    public long PropertyId { get; private set; }

    public string Key { get; private set; } = "";

    public Uri Api => new($"http://{Net.AddressOf("control")}:{_ports["control"]}");

    public Uri Origin => new($"http://{Net.AddressOf("origin")}:{_ports["origin"]}");

    public Uri UrlOf(string node) => new($"http://{Net.AddressOf(node)}:{_ports[node]}");

    public ParadarumProcess this[string member] => _processes[member];

    public int OriginId => _origin!.Id;

    private string Disk => _folder["control"];

    /// <summary>Null when the control plane's folder is on a small disk of its own; else why not.</summary>
    public string? NoDisk { get; private set; }

    public static async Task<AttackFleet> StartAsync()
    {
        string[] members = ["control", "origin", .. Nodes];
        var (net, why) = await NamespaceNet.TryCreateAsync(members);
        var fleet = new AttackFleet(net!);
        if (net is null)
            fleet.Net = new LoopbackNet(fleet._fleetPort, why);
        try
        {
            foreach (var member in members)
                fleet._ports[member] = FreePorts.Row(1);
            await fleet.StartPartsAsync();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public HttpClient NewApi(TimeSpan timeout)
    {
        var api = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            BaseAddress = Api,
            Timeout = timeout,
        };
        api.DefaultRequestHeaders.Add("X-API-Key", Key);
        return api;
    }

    public async Task StartControlAsync()
    {
        _processes["control"] = ParadarumProcess.Start(
            [
                "control",
                "--data",
                Disk,
                "--api-listen",
                $"{Net.AddressOf("control")}:{_ports["control"]}",
                "--fleet-listen",
                $"{Net.FleetAddress}:{_fleetPort}",
                "--lease",
                $"{(int)Lease.TotalMilliseconds}ms",
                "--grace",
                $"{(int)Grace.TotalMilliseconds}ms",
                "--origins-allow",
                "private",
                "--probe-every",
                "0",
            ],
            Quiet,
            Net.Within("control")
        );
        await _processes["control"].LineAsync("paradarum control: ready");
    }

    public void StartNode(string node, string? token = null)
    {
        var environment = new Dictionary<string, string>(Quiet, StringComparer.Ordinal);
        if (token is not null)
            environment["PARADARUM_ENROLMENT_TOKEN"] = token;
        _processes[node] = ParadarumProcess.Start(
            [
                "edge",
                "--role",
                node.Split('-')[0],
                "--control",
                Net.ControlFor(node, _fleetPort).GetLeftPart(UriPartial.Authority),
                "--listen",
                $"{Net.AddressOf(node)}:{_ports[node]}",
                "--data",
                _folder[node],
                "--connect-after",
                "500ms",
                "--shield-head-after",
                "2s",
                "--origin-head-after",
                "2s",
                "--origins-allow",
                "private",
                "--shield-rests-for",
                "500ms",
            ],
            environment,
            Net.Within(node)
        );
    }

    /// <summary>Takes all room that is left on the control plane's disk, or gives it back.</summary>
    public Task FillDiskAsync(bool full) => _disk!.FillAsync(full);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values)
            await process.DisposeAsync();
        if (_origin is not null)
        {
            _origin.Kill();
            await _origin.WaitForExitAsync();
            _origin.Dispose();
        }
        await Net.DisposeAsync();
        if (_disk is not null)
            await _disk.DisposeAsync();
        _folder.Dispose();
    }

    private static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal)
    {
        ["PARADARUM_LOG_LEVEL"] = "error",
        // Eight processes share the machine: a heap for each core would be memory for nothing.
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "0",
    };

    private async Task StartPartsAsync()
    {
        await MountAsync();
        _origin = OriginProcess.Start(Net.Within("origin"), $"{Net.AddressOf("origin")}:{_ports["origin"]}");
        await StartControlAsync();
        Key = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Disk, "operator.json")))!["apiKey"]!.GetValue<string>();
        using var api = NewApi(TimeSpan.FromSeconds(20));
        var order = new { name = "site", origins = new[] { new { host = Origin.GetLeftPart(UriPartial.Authority) } } };
        using var made = await api.PostAsJsonAsync("/api/property", order);
        PropertyId = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").GetProperty("id").GetInt64();
        foreach (var node in Nodes)
        {
            var kind = node.StartsWith("shield", StringComparison.Ordinal) ? "shield" : "node";
            using var answer = await api.PostAsJsonAsync($"/api/{kind}", new { name = node });
            StartNode(node, (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["enrolmentToken"]!.GetValue<string>());
        }
        foreach (var node in Nodes)
            await this[node].LineAsync("paradarum edge: ready");
    }

    /// <summary>A disk that can be filled without harm to the machine's.</summary>
    private async Task MountAsync()
    {
        (_disk, var why) = await SmallDisk.TryMountAsync(Disk, megabytes: 48);
        NoDisk = _disk is null ? $"No disk of its own for the control plane ({why}): none is filled." : null;
    }
}
