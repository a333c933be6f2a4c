using System.Diagnostics;
using System.Globalization;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Attack;

/// <summary>What the parts of an attack reach one another by, and how it is cut.</summary>
internal interface IAttackNet : IAsyncDisposable
{
    /// <summary>For the report.</summary>
    string Description { get; }

    /// <summary>What a member's process is started by; empty for nothing.</summary>
    IReadOnlyList<string> Within(string member);

    /// <summary>Where a member listens for visitors, PoPs or clients.</summary>
    string AddressOf(string member);

    /// <summary>Where the control plane listens for nodes.</summary>
    string FleetAddress { get; }

    /// <summary>Where this node reaches that.</summary>
    Uri ControlFor(string member, int fleetPort);

    /// <summary>Cuts a node's way to the control plane, or the control plane's to all nodes.</summary>
    Task CutFleetAsync(string member, bool cut);

    /// <summary>Cuts a member off from visitors, PoPs, shields and clients; false where this net can't.</summary>
    Task<bool> CutDataAsync(string member, bool cut);
}

/// <summary>
/// A network namespace for each member, with two veth links: one to the fleet's bridge (the control plane's streams), one to the data bridge (visitors, PoPs, shields,
/// origin, API). Either can be taken down while the other carries on. Needs root.
/// </summary>
internal sealed class NamespaceNet : IAttackNet
{
    private readonly string _id = string.Create(CultureInfo.InvariantCulture, $"pa{Environment.ProcessId % 10_000}");
    private readonly List<string> _members = [];
    private readonly int _subnet = 1 + (Environment.ProcessId % 250);

    private NamespaceNet() { }

    public string Description => "network namespaces with veth links";

    public string FleetAddress => $"10.213.{_subnet}.{Host("control")}";

    /// <summary>Null, with why, where namespaces are not allowed.</summary>
    public static async Task<(NamespaceNet? Net, string Why)> TryCreateAsync(IReadOnlyList<string> members)
    {
        var net = new NamespaceNet();
        try
        {
            await net.CreateAsync(members);
            return (net, "");
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await net.DisposeAsync();
            return (null, e.Message);
        }
    }

    public IReadOnlyList<string> Within(string member) => ["ip", "netns", "exec", Namespace(member)];

    public string AddressOf(string member) => $"10.214.{_subnet}.{Host(member)}";

    public Uri ControlFor(string member, int fleetPort) => new($"http://{FleetAddress}:{fleetPort}");

    public Task CutFleetAsync(string member, bool cut) => LinkAsync(member, 'f', cut);

    public async Task<bool> CutDataAsync(string member, bool cut)
    {
        await LinkAsync(member, 'd', cut);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
            await TryAsync("netns", "del", Namespace(member));
        await TryAsync("link", "del", $"{_id}f");
        await TryAsync("link", "del", $"{_id}d");
    }

    private async Task CreateAsync(IReadOnlyList<string> members)
    {
        // This process stands on the data bridge, as clients and visitors do; on the fleet's it has no business.
        await IpAsync("link", "add", $"{_id}f", "type", "bridge");
        await IpAsync("link", "add", $"{_id}d", "type", "bridge");
        await IpAsync("addr", "add", $"10.214.{_subnet}.1/24", "dev", $"{_id}d");
        await IpAsync("link", "set", $"{_id}f", "up");
        await IpAsync("link", "set", $"{_id}d", "up");
        foreach (var member in members)
        {
            _members.Add(member);
            await IpAsync("netns", "add", Namespace(member));
            await InAsync(member, "link", "set", "lo", "up");
            foreach (var (kind, net) in new[] { ('f', 213), ('d', 214) })
            {
                await IpAsync("link", "add", Near(member, kind), "type", "veth", "peer", "name", $"eth{kind}", "netns", Namespace(member));
                await IpAsync("link", "set", Near(member, kind), "master", $"{_id}{kind}", "up");
                await InAsync(member, "addr", "add", $"10.{net}.{_subnet}.{Host(member)}/24", "dev", $"eth{kind}");
                await InAsync(member, "link", "set", $"eth{kind}", "up");
            }
        }
    }

    private Task LinkAsync(string member, char kind, bool cut) => IpAsync("link", "set", Near(member, kind), cut ? "down" : "up");

    private string Namespace(string member) => $"{_id}-{member}";

    private string Near(string member, char kind) => $"{_id}{kind}{Host(member)}";

    private int Host(string member) => 10 + (_members.Contains(member) ? _members.IndexOf(member) : 0);

    private Task InAsync(string member, params string[] arguments) => IpAsync(["-n", Namespace(member), .. arguments]);

    private static async Task TryAsync(params string[] arguments)
    {
        try
        {
            await IpAsync(arguments);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It was never made.
        }
    }

    private static async Task IpAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("ip", arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {errors.Trim()}");
    }
}

/// <summary>Everything on loopback: the streams go over links that can be cut, the rest can't be.</summary>
internal sealed class LoopbackNet(int fleetPort, string why) : IAttackNet
{
    private readonly Dictionary<string, CuttableLink> _links = new(StringComparer.Ordinal);

    public string Description => $"loopback links that can be cut, because network namespaces are not allowed here ({why})";

    public string FleetAddress => "127.0.0.1";

    public IReadOnlyList<string> Within(string member) => [];

    public string AddressOf(string member) => "127.0.0.1";

    public Uri ControlFor(string member, int port)
    {
        if (!_links.TryGetValue(member, out var link))
            _links[member] = link = new CuttableLink(fleetPort);
        return link.Url;
    }

    public Task CutFleetAsync(string member, bool cut)
    {
        foreach (var link in member == "control" ? [.. _links.Values] : new[] { _links[member] })
        {
            if (cut)
                link.Cut();
            else
                link.Restore();
        }
        return Task.CompletedTask;
    }

    public Task<bool> CutDataAsync(string member, bool cut) => Task.FromResult(false);

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links.Values)
            await link.DisposeAsync();
    }
}
