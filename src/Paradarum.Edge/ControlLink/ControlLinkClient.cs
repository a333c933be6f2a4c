using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net.Http;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tls;

namespace Paradarum.Edge.ControlLink;

/// <summary>Where the control plane is and where this node is reached.</summary>
/// <param name="Controls">Fleet ports, for example <c>http://127.0.0.1:5253</c>, or <c>https://</c> where they have a certificate. One of them works, the others stand by.</param>
/// <param name="PublicUrl">Where visitors (or PoPs) reach this node.</param>
internal sealed record ControlLinkOptions(ImmutableArray<Uri> Controls, string PublicUrl)
{
    /// <summary>Who must have issued the control plane's certificate; null: anybody the system believes.</summary>
    public TrustedRoots? ControlRoots { get; init; }
}

/// <summary>
/// Follows the log for the life of the process: one supervisor, resumes after the last thing applied, backs off with jitter, resets on progress, and treats a
/// quiet end as a failure. An exception while applying stops the node: better down than stale.
/// </summary>
internal sealed class ControlLinkClient(
    ControlLinkOptions options,
    NodeIdentity identity,
    NodeInstance instance,
    NodeState state,
    LeaseHolder lease,
    FleetDirectory directory,
    Traffic traffic,
    TimeProvider bootClock,
    ILogger<ControlLinkClient> log
) : BackgroundService
{
    private static readonly TimeSpan GoodbyeWithin = TimeSpan.FromSeconds(3);

    private readonly NodeMachine _machine = new(DurableOf(state), bootClock.TimestampFrequency);
    private readonly RecentCounts _recent = new();
    private readonly CancellationTokenSource _servingIsOver = new();

    /// <summary>
    /// The node serves nobody any more: says so, that no purge waits for its lease and grace. Returns when the control plane has taken it in, or can't be told within
    /// three seconds: then it waits, as for a node that was cut off.
    /// </summary>
    public async Task SayGoodbyeAsync()
    {
        await _servingIsOver.CancelAsync();
        if (ExecuteTask is { } following)
            await following.WaitAsync(GoodbyeWithin, bootClock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _servingIsOver.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        state.NodeId = identity.NodeId;
        using var controls = new ControlChannels(options.Controls, options.ControlRoots);
        for (var failures = 1; !_servingIsOver.IsCancellationRequested; failures++)
        {
            Exception? cause = null;
            using var session = new ControlLinkSession(
                options,
                identity,
                instance,
                _machine,
                state,
                lease,
                directory,
                _recent,
                traffic,
                bootClock,
                log,
                _servingIsOver.Token
            );
            try
            {
                await session.RunAsync(controls.Current, stoppingToken);
            }
            catch (Exception e) when (IsLinkFailure(e) && !stoppingToken.IsCancellationRequested)
            {
                cause = e;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // What is half applied must not be served from.
                lease.Current = Lease.None;
                throw;
            }
            if (session.Left)
            {
                log.NodeLeft();
                return;
            }
            if (session.SaidGoodbye)
                return;
            if (session.Progressed)
                failures = 1;
            log.LinkLost(identity.Name, state.Current.Position, failures, cause);
            controls.Next();
            await RestAsync(Backoff.For(failures, controls.Count, Jitter()), stoppingToken);
        }
    }

    /// <summary>Shorter when serving is over: then there is no reason to open another stream.</summary>
    private async Task RestAsync(TimeSpan rest, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _servingIsOver.Token);
        await Task.Delay(rest, bootClock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
    }

    /// <summary>Where the node stands before its first stream: at its durable cursor, when its disk held one.</summary>
    private static NodeCursor? DurableOf(NodeState state) =>
        state.Current is { Epoch.Length: > 0 } kept ? new NodeCursor(kept.Epoch, kept.Position, kept.Hash) : null;

    private static bool IsLinkFailure(Exception e) =>
        e is RpcException or IOException or HttpRequestException or OperationCanceledException;

    [SuppressMessage("Security", "CA5394", Justification = "Jitter guards nothing.")]
    private static double Jitter() => Random.Shared.NextDouble();
}
