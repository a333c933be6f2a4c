using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Bench.Load;
using Paradarum.Control.Fleet;
using Paradarum.Control.Telemetry;
using Paradarum.Protocol.Link;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.Bench.Propagate;

/// <summary>A control plane in this process with nodes as processes, and clients that purge at a steady pace.</summary>
internal sealed class PropagateBed : IAsyncDisposable
{
    public const int Connections = 128;

    private readonly TemporaryFolder _folder = new();
    private readonly List<ParadarumProcess> _nodes = [];
    private readonly ControlHost _control;
    private readonly Func<int, int, byte[]> _purges;

    private PropagateBed(ControlHost control, long propertyId)
    {
        _control = control;
        _purges = PurgeBytes.Of(propertyId, control.Operator.ApiKey);
    }

    private FleetDesk Desk => _control.Plane.Services.GetRequiredService<FleetDesk>();

    private FleetRegistry Registry => _control.Plane.Services.GetRequiredService<FleetRegistry>();

    public static async Task<PropagateBed> StartAsync(int shields, int pops, CancellationToken stop)
    {
        var control = await ControlHost.StartAsync();
        var property = await control.AddPropertyAsync("bench");
        var bed = new PropagateBed(control, property.Id);
        var ids = new List<string>();
        foreach (
            var (name, role) in Enumerable
                .Range(1, shields)
                .Select(n => ($"shield-{n}", NodeRole.Shield))
                .Concat(Enumerable.Range(1, pops).Select(n => ($"pop-{n}", NodeRole.Pop)))
        )
        {
            var made = ControlHost.Opened(await bed.Registry.CreateAsync(ControlHost.Somebody, name, role, stop));
            ids.Add(made.Node.Id);
            bed._nodes.Add(
                NodeProcess.Start(
                    role == NodeRole.Shield ? "shield" : "pop",
                    control.Plane.Fleet.Port,
                    bed._folder[name],
                    made.EnrolmentToken
                )
            );
        }
        await bed.Registry.WhenHealthyAsync(ids, stop);
        return bed;
    }

    /// <summary>Purges one after the other at this pace, and waits for each until every node has acknowledged it: the times from the 200 to then.</summary>
    public async Task<LoadFigures> FollowAsync(int perSecond, TimeSpan duration, CancellationToken stop)
    {
        var times = new ConcurrentBag<long>();
        var waiting = new ConcurrentBag<Task>();
        var load = new HttpLoad(
            [_control.Plane.Api.Port],
            _purges,
            head =>
            {
                var answeredAt = Stopwatch.GetTimestamp();
                // One connection, one purge at a time: the head is this purge.
                waiting.Add(AcknowledgedAsync(_control.Feed.Head.Position, answeredAt, times, stop));
                return head.StartsWith("HTTP/1.1 200"u8);
            }
        );
        var accepted = await load.MeasureAsync(connections: 1, duration, perSecond);
        if (accepted.Others > 0)
            throw new InvalidOperationException($"{accepted.Others} purges were not accepted.");
        await Task.WhenAll(waiting);
        var sorted = times.ToArray();
        Array.Sort(sorted);
        return new LoadFigures(accepted.PerSecond, 0, sorted);
    }

    /// <summary>Purges at this rate from many connections and looks every few milliseconds how far behind the slowest node is.</summary>
    public async Task<RateFigures> HoldAsync(int perSecond, TimeSpan duration, CancellationToken stop)
    {
        var load = new HttpLoad([_control.Plane.Api.Port], _purges, head => head.StartsWith("HTTP/1.1 200"u8));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = LargestLagAsync(end.Token);
        var accepted = await load.MeasureAsync(Connections, duration, perSecond);
        await end.CancelAsync();
        var lag = await watching;
        await Desk.WhenCompleteAsync(_control.Feed.Head.Position, stop);
        return new RateFigures(perSecond, accepted.PerSecond - (accepted.Others / duration.TotalSeconds), lag, accepted.At(99));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _control.DisposeAsync();
        _folder.Dispose();
    }

    private async Task AcknowledgedAsync(ulong position, long answeredAt, ConcurrentBag<long> times, CancellationToken stop)
    {
        await Desk.WhenAsync(fleet => fleet.Machine.Nodes.All(node => node.Current?.Applied >= position), stop);
        times.Add(Stopwatch.GetTimestamp() - answeredAt);
    }

    private async Task<TimeSpan> LargestLagAsync(CancellationToken end)
    {
        var (times, started, largest) = (new HeadTimes(), Stopwatch.GetTimestamp(), TimeSpan.Zero);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        while (!end.IsCancellationRequested)
        {
            var now = Stopwatch.GetElapsedTime(started);
            times.Moved(_control.Feed.Head.Position, now);
            var slowest = Desk.Read(fleet => fleet.Machine.Nodes.Min(node => node.Current?.Applied ?? 0));
            var lag = times.Lag(slowest, now);
            largest = lag > largest ? lag : largest;
            await tick.WaitForNextTickAsync(CancellationToken.None);
        }
        return largest;
    }
}
