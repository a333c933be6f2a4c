using Paradarum.Control;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Telemetry;
using Paradarum.Edge;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Telemetry;
using Paradarum.Processes;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Up;

/// <summary>Everything that <c>up</c> runs, in the order in which it starts: origin, control plane, shields, PoPs. Stops in the reverse order.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private const string DemoProperty = "demo";
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(2);

    private readonly LocalOrigin? _origin;
    private readonly List<NodeHost> _nodes = [];
    private ControlPlane? _control;
    private LocalHttps? _https;

    private Installation(LocalOrigin? origin) => _origin = origin;

    public UpFile Facts { get; private set; } = null!;

    /// <summary>Ready when it returns: every node is healthy and the property's hostname is Active.</summary>
    /// <exception cref="LogCannotStartException">The data folder is taken or cannot be used.</exception>
    /// <exception cref="IOException">A port or a node's folder is taken.</exception>
    public static async Task<Installation> StartAsync(UpOptions options, Action<string> progress, CancellationToken stop)
    {
        var installation = new Installation(
            options.Origin is null ? await LocalOrigin.StartAsync(options.Site, TimeProvider.System, stop) : null
        );
        try
        {
            await installation.StartPartsAsync(options, progress, stop);
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs until it is told to stop, or until a part can't go on: then its exception.</summary>
    public async Task RunUntilAsync(CancellationToken stop)
    {
        var stopped = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        await Task.WhenAny([stopped, _control!.Over, _https?.RenewAsync(stop) ?? stopped, .. _nodes.Select(FailsAsync)]);
        foreach (var node in _nodes.Where(node => node.Following.IsFaulted))
            await node.Following;
        if (_control.IsOver)
            throw await CannotGoOnAsync();
    }

    /// <summary>Ends only with a failure: a node that left the fleet in good order stops nothing.</summary>
    private static async Task FailsAsync(NodeHost node)
    {
        await node.Following;
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        // PoPs before shields, as the last to start.
        foreach (var node in Enumerable.Reverse(_nodes))
            await node.DisposeAsync();
        if (_control is not null)
            await _control.DisposeAsync();
        if (_origin is not null)
            await _origin.DisposeAsync();
    }

    private async Task StartPartsAsync(UpOptions options, Action<string> progress, CancellationToken stop)
    {
        // 1. The control plane, with the operator and the property.
        progress("Starting the control plane");
        var known = UpFile.Read(options.DataFolder);
        _control = await ControlPlane.StartAsync(
            new ControlPlaneOptions
            {
                Log = new LogOptions { Folder = Path.Combine(options.DataFolder, "control"), Database = options.Database },
                ApiPort = options.ApiPort,
                OriginsAllow = options.OriginsAllow,
                Webhooks = options.Webhooks,
                KeyRates = options.KeyRates,
                Telemetry = new TelemetryOptions { ProbeEvery = TelemetrySettings.ProbeByDefault },
            },
            new ControlPlaneSurroundings { Logging = WarningsToErrors },
            stop
        );
        var access = await _control.Services.GetRequiredService<FirstStart>().OperatorAsync(known?.ApiKey, known?.AdminPassword, stop);
        var origin = options.Origin ?? _origin!.Url;
        var property = await _control
            .Services.GetRequiredService<FirstProperty>()
            .EnsureAsync(access.AccountId, Order(options, origin), replaceRules: options.Preset is not null, stop);

        await UnlessOverAsync(token => StartNodesAsync(options, access, property, origin, progress, token), stop);
    }

    /// <summary>A node's first word may be what ends the control plane; then nothing that is waited for here ever comes.</summary>
    private async Task UnlessOverAsync(Func<CancellationToken, Task> start, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var starting = start(over.Token);
        if (await Task.WhenAny(starting, _control!.Over) != starting)
            await over.CancelAsync();
        await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_control.IsOver)
            throw await CannotGoOnAsync();
        await starting;
    }

    private async Task<IOException> CannotGoOnAsync() => new($"The control plane cannot go on: {await _control!.Over} Start it again.");

    private async Task StartNodesAsync(
        UpOptions options,
        OperatorAccess access,
        CatalogueProperty property,
        Uri origin,
        Action<string> progress,
        CancellationToken stop
    )
    {
        // 2. The nodes, ready when every one of them is healthy. Those that are not wanted any more leave first, so that nothing waits for them to come.
        var fleet = _control!.Services.GetRequiredService<FleetRegistry>();
        var wanted = WantedNode.Of(options);
        foreach (
            var surplus in fleet
                .List()
                .Select(standing => standing.Node)
                .Where(node => !node.Leaving && wanted.All(want => want.Name != node.Name))
        )
            await DismissAsync(surplus, fleet, options, stop);
        // Shields first: a PoP that joins then knows them from its first moment.
        foreach (var tier in wanted.GroupBy(want => want.Role))
        {
            foreach (var want in tier)
            {
                progress($"Starting {want.Name}");
                _nodes.Add(await StartNodeAsync(want, fleet, options, stop));
            }
            progress("Waiting until every node is healthy");
            await fleet.WhenHealthyAsync([.. _nodes.Select(node => node.Id)], stop);
        }

        // 3. HTTPS, when it was asked for.
        if (options.Https)
        {
            progress("Issuing a certificate");
            _https = new LocalHttps(options, _control.Api, access.ApiKey, property);
            await _https.InstallAsync(stop);
        }

        Facts = new UpFile(
            _control.Api.GetLeftPart(UriPartial.Authority),
            access.ApiKey,
            access.Email,
            access.Password,
            property.Id,
            property.Hostnames.First(hostname => hostname.State == HostnameState.Active).Name,
            origin.GetLeftPart(UriPartial.Authority),
            Nodes(wanted, NodeRole.Shield),
            Nodes(wanted, NodeRole.Pop)
        )
        {
            AuthorityFile = _https?.AuthorityFile,
        };
    }

    private List<UpFile.Node> Nodes(IReadOnlyList<WantedNode> wanted, NodeRole role) =>
        [
            .. wanted
                .Zip(_nodes)
                .Where(pair => pair.First.Role == role)
                .Select(pair => new UpFile.Node(
                    pair.Second.Id,
                    pair.Second.Url.GetLeftPart(UriPartial.Authority),
                    pair.Second.HttpsUrl?.GetLeftPart(UriPartial.Authority)
                )),
        ];

    private async Task<NodeHost> StartNodeAsync(WantedNode want, FleetRegistry fleet, UpOptions options, CancellationToken stop)
    {
        var registered = fleet.List().Select(standing => standing.Node).FirstOrDefault(node => !node.Leaving && node.Name == want.Name);
        var folder = FolderOf(options, want.Name);
        var newcomer =
            registered is null ? Opened(await fleet.CreateAsync(Caller.System(0), want.Name, want.Role, stop))
            : Proves(folder, registered) ? null
            // Its folder is gone, or a start was cut between the token's use and the identity's writing.
            : Opened(await fleet.RenewTokenAsync(Caller.System(0), registered.Id, stop));
        // The control plane was restored from a backup that is older than the node: what it has is of no use, and it would go before the token.
        if (newcomer is not null)
            NodeHost.ForgetIdentity(folder);
        var started = await NodeHost.StartAsync(NodeOptions(want, options) with { EnrolmentToken = newcomer?.EnrolmentToken }, stop);
        return Opened(started);
    }

    /// <summary>Whether the node of this folder is let in as that one.</summary>
    private static bool Proves(string folder, NodeRecord registered) =>
        NodeHost.IdentityIn(folder) is { } kept
        && string.Equals(kept.NodeId, registered.Id, StringComparison.Ordinal)
        && registered.Accepts(NodeRecord.Digest(kept.Credential));

    /// <summary>
    /// Lets a node that is not wanted any more leave the fleet by its own word: it is started once, told to leave, and says that it holds nothing. Else every
    /// purge would wait until its lease and grace must be over.
    /// </summary>
    private async Task DismissAsync(NodeRecord surplus, FleetRegistry fleet, UpOptions options, CancellationToken stop)
    {
        var folder = FolderOf(options, surplus.Name);
        if (Proves(folder, surplus))
        {
            var want = new WantedNode(surplus.Name, surplus.Role, Port: 0);
            await using var node = Opened(await NodeHost.StartAsync(NodeOptions(want, options), stop));
            await fleet.WhenConnectedAsync(node.Id, stop);
            await fleet.DeleteAsync(Caller.System(0), surplus.Id, stop);
            // Later than this, its lease and grace decide when it is gone.
            await Task.WhenAny(node.Following, Task.Delay(LeaveWithin, TimeProvider.System, stop));
        }
        else
        {
            await fleet.DeleteAsync(Caller.System(0), surplus.Id, stop);
        }
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private NodeHostOptions NodeOptions(WantedNode want, UpOptions options) =>
        new(
            new EdgeOptions
            {
                Name = want.Name,
                Role = want.EdgeRole,
                DiskBytes = options.DiskBytes,
                OriginsAllow = options.OriginsAllow,
            },
            FolderOf(options, want.Name),
            _control!.Fleet,
            want.Port
        )
        {
            Https = want.HttpsPort is { } port ? new HttpsOptions(null, port) : null,
            Logging = WarningsToErrors,
            AccessLog = options.AccessLog is { } file ? new AccessLogOptions(file) : null,
        };

    private static string FolderOf(UpOptions options, string node) => Path.Combine(options.DataFolder, "nodes", node);

    private static PropertyOrder Order(UpOptions options, Uri origin)
    {
        // A real site is asked by its own name; the local one takes any.
        var hostHeader = options.Origin is null ? "" : origin.Authority;
        var parsed = Opened(PropertyOrigin.Parse(origin.GetLeftPart(UriPartial.Authority), hostHeader, sslVerify: true));
        return new PropertyOrder(DemoProperty, [parsed])
        {
            Rules = options.Preset is { } preset ? RulePresets.Named(preset)!.Value : RulePresets.CatchAll,
        };
    }

    private static void WarningsToErrors(ILoggingBuilder logging) =>
        logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddSimpleConsole(console => console.SingleLine = true)
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console =>
                console.LogToStandardErrorThreshold = LogLevel.Trace
            );

    private static T Opened<T>(Result<T> result) =>
        result.Ok(out var value, out var refusal) ? value : throw new InvalidOperationException(refusal.Message);
}

/// <summary>One node that the options ask for. Its name is its identity over restarts.</summary>
internal sealed record WantedNode(string Name, NodeRole Role, int Port)
{
    /// <summary>Null: it serves no HTTPS.</summary>
    public int? HttpsPort { get; init; }

    public EdgeRole EdgeRole => Role == NodeRole.Shield ? EdgeRole.Shield : EdgeRole.Pop;

    /// <summary>Shields before PoPs: so are their ports.</summary>
    public static IReadOnlyList<WantedNode> Of(UpOptions options) =>
        [
            .. Enumerable
                .Range(0, options.Shields)
                .Select(n => new WantedNode($"shield-{n + 1}", NodeRole.Shield, options.PortOfShield(n))),
            .. Enumerable
                .Range(0, options.Pops)
                .Select(n => new WantedNode($"pop-{n + 1}", NodeRole.Pop, options.PortOfPop(n))
                {
                    HttpsPort = options.Https ? options.HttpsPortOfPop(n) : null,
                }),
        ];
}
