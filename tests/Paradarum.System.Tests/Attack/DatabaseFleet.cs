using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;
using Paradarum.Testing.Postgres;

namespace Paradarum.SystemTests.Attack;

/// <summary>
/// Two PostgreSQL servers, of which one is the primary and the other the standby that commits wait for; three control planes that reach both over links of their own; two shields, four
/// PoPs and the origin. All of them processes, on loopback.
/// </summary>
internal sealed class DatabaseFleet : IAttackedFleet, IAsyncDisposable
{
    public const int Controls = 3;

    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal)
    {
        ["PARADARUM_LOG_LEVEL"] = "error",
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "0",
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, ParadarumProcess> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly List<ControlProcess> _controls = [];
    private int _clients;
    private readonly PostgresServer[] _servers;
    private readonly int _originPort = FreePorts.Row(1);
    private Process? _origin;

    private DatabaseFleet()
    {
        var first = PostgresServer.Start();
        _servers = [first, PostgresServer.StartStandby(first, "standby")];
        first.WaitForStandby(true);
    }

    public Uri Origin => new($"http://127.0.0.1:{_originPort}");

    public long PropertyId { get; private set; }

    public string Key { get; private set; } = "";

    public PostgresServer Primary => _servers[0];

    public PostgresServer Standby => _servers[1];

    public string Errors => string.Join('\n', _controls.Select(control => control.Process.Errors));

    public Uri UrlOf(string pop) => new($"http://127.0.0.1:{_ports[pop]}");

    public ParadarumProcess Node(string name) => _nodes[name];

    public ControlProcess Control(int index) => _controls[index];

    public static async Task<DatabaseFleet> StartAsync()
    {
        var fleet = new DatabaseFleet();
        try
        {
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
        var urls = _controls.Select(control => control.Api).ToArray();
        var api = new HttpClient(new AnyControl(urls, first: _clients++ % urls.Length)) { BaseAddress = urls[0], Timeout = timeout };
        api.DefaultRequestHeaders.Add("X-API-Key", Key);
        return api;
    }

    public void StartNode(string node, string? token = null)
    {
        var environment = new Dictionary<string, string>(Quiet, StringComparer.Ordinal);
        if (token is not null)
            environment["PARADARUM_ENROLMENT_TOKEN"] = token;
        _nodes[node] = ParadarumProcess.Start(
            [
                "edge",
                "--role",
                node.Split('-')[0],
                "--control",
                string.Join(',', _controls.Select(control => control.Fleet.GetLeftPart(UriPartial.Authority))),
                "--listen",
                $"127.0.0.1:{_ports[node]}",
                "--data",
                _folder[node],
                "--connect-after",
                "500ms",
                "--shield-head-after",
                "2s",
                "--origin-head-after",
                "2s",
                "--origins-allow",
                "loopback",
                "--shield-rests-for",
                "500ms",
            ],
            environment
        );
    }

    /// <summary>The primary is killed, its standby takes over, and the killed one comes back as the new standby. Commits wait for it again at the end.</summary>
    /// <param name="promoted">Called as soon as the promotion is over.</param>
    public async Task FailOverAsync(Func<Task> promoted)
    {
        Primary.Kill();
        // As whoever manages a cluster does: nobody is there to wait for. Before it, because a server that was just promoted may look at its settings only after a checkpoint.
        Standby.WaitForStandby(false);
        Standby.Promote();
        (_servers[0], _servers[1]) = (_servers[1], _servers[0]);
        await promoted();
        Standby.ComeBackAsStandby(Primary, "standby");
        await Eventually.Async(
            () => Primary.Scalar("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") is 1L,
            "the standby streams"
        );
        Primary.WaitForStandby(true);
        // What was accepted meanwhile is safe from here on: a promotion before that is like a restore, and is meant to be.
        await Eventually.Async(
            () => Primary.Scalar("SELECT value FROM log_meta WHERE name = 'synchronous'") is "1",
            "a commit has waited for the standby",
            seconds: 90
        );
    }

    private async Task StartPartsAsync()
    {
        _origin = OriginProcess.Start([], string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_originPort}"));
        for (var i = 0; i < Controls; i++)
        {
            var control = new ControlProcess(_folder[string.Create(CultureInfo.InvariantCulture, $"control-{i}")], _servers);
            _controls.Add(control);
            control.Start();
            if (i == 0)
                await control.Process.LineAsync("paradarum control: ready");
            else
                await control.Process.LineAsync("paradarum control: prepared to take over");
        }
        Key = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_controls[0].Folder, "operator.json")))![
            "apiKey"
        ]!.GetValue<string>();
        using var api = NewApi(TimeSpan.FromSeconds(20));
        var order = new { name = "site", origins = new[] { new { host = Origin.GetLeftPart(UriPartial.Authority) } } };
        using var made = await api.PostAsJsonAsync("/api/property", order);
        PropertyId = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").GetProperty("id").GetInt64();
        foreach (var node in AttackFleet.Nodes)
        {
            _ports[node] = FreePorts.Row(1);
            var kind = node.StartsWith("shield", StringComparison.Ordinal) ? "shield" : "node";
            using var answer = await api.PostAsJsonAsync($"/api/{kind}", new { name = node });
            StartNode(node, (await answer.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["enrolmentToken"]!.GetValue<string>());
        }
        foreach (var node in AttackFleet.Nodes)
            await _nodes[node].LineAsync("paradarum edge: ready");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
            await node.DisposeAsync();
        foreach (var control in _controls)
            await control.DisposeAsync();
        if (_origin is not null)
        {
            _origin.Kill();
            await _origin.WaitForExitAsync();
            _origin.Dispose();
        }
        foreach (var server in _servers)
            server.Dispose();
        _folder.Dispose();
    }

    /// <summary>One control plane, with a link to each server.</summary>
    internal sealed class ControlProcess(string folder, IEnumerable<PostgresServer> servers) : IAsyncDisposable
    {
        private readonly CuttableLink[] _links = [.. servers.Select(server => new CuttableLink(server.Port))];

        public string Folder => folder;

        public Uri Api { get; } = new($"http://127.0.0.1:{FreePorts.Row(1)}");

        public Uri Fleet { get; } = new($"http://127.0.0.1:{FreePorts.Row(1)}");

        public ParadarumProcess Process { get; private set; } = null!;

        public void CutFromDatabase(bool cut)
        {
            foreach (var link in _links)
            {
                if (cut)
                    link.Cut();
                else
                    link.Restore();
            }
        }

        public void Start()
        {
            var hosts = string.Join(',', _links.Select(link => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{link.Port}")));
            Process = ParadarumProcess.Start(
                [
                    "control",
                    "--data",
                    folder,
                    "--api-listen",
                    Api.Authority,
                    "--fleet-listen",
                    Fleet.Authority,
                    "--lease",
                    $"{(int)Lease.TotalMilliseconds}ms",
                    "--grace",
                    $"{(int)Grace.TotalMilliseconds}ms",
                    "--origins-allow",
                    "loopback",
                    "--probe-every",
                    "0",
                ],
                new Dictionary<string, string>(Quiet, StringComparer.Ordinal)
                {
                    ["PARADARUM_DATABASE"] = $"Host={hosts};Username=paradarum;Database=postgres",
                }
            );
        }

        public async ValueTask DisposeAsync()
        {
            if (Process is not null)
                await Process.DisposeAsync();
            foreach (var link in _links)
                await link.DisposeAsync();
        }
    }

    /// <summary>A client that knows all control planes, each another one first: who is not there, or knows of nobody who works, is left for the next one.</summary>
    private sealed class AnyControl(Uri[] urls, int first)
        : DelegatingHandler(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) })
    {
        private volatile int _current = first;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content is not null)
                await request.Content.LoadIntoBufferAsync(cancellationToken);
            var path = request.RequestUri!.PathAndQuery;
            for (var tried = 1; ; tried++)
            {
                var asked = _current;
                request.RequestUri = new Uri(urls[asked], path);
                try
                {
                    var answer = await base.SendAsync(request, cancellationToken);
                    if (answer.StatusCode != System.Net.HttpStatusCode.ServiceUnavailable || tried == urls.Length)
                        return answer;
                    answer.Dispose();
                }
                catch (HttpRequestException) when (tried < urls.Length) { }
                _current = (asked + 1) % urls.Length;
            }
        }
    }
}
