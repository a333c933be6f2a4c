using System.Collections.Immutable;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Control.Telemetry;

/// <summary>
/// Purges the canary every few seconds and reads it from every PoP as a visitor would: measures how long old bytes are to be had after a 200, and counts those
/// that are to be had after <c>complete</c>, which must be none.
/// </summary>
internal sealed class Prober(
    Canary canary,
    PurgeDesk purges,
    FleetRegistry fleet,
    FleetDesk desk,
    ProbeMeter meter,
    TelemetryOptions options,
    TimeProvider time,
    IHostApplicationLifetime host,
    ILogger<Prober> log
) : BackgroundService
{
    /// <summary>Longest look at one purge; a fleet that is cut off may take its lease and grace.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(60);

    /// <summary>Between two reads of one PoP that still answers with the old page.</summary>
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(2);

    /// <summary>PoPs that are read at one moment.</summary>
    private const int MostAtOnce = 64;

    private static readonly PurgeOrder PurgeOfIt = PurgeRule.Parse("Path", Canary.Path, null).Ok(out var rule, out var wrong)
        ? PurgeOrder.One(rule)
        : throw new InvalidOperationException(wrong.Message);

    private readonly HttpClient _visitor = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(2),
        }
    )
    {
        Timeout = TimeSpan.FromSeconds(10),
    };

    public override void Dispose()
    {
        _visitor.Dispose();
        base.Dispose();
    }

    /// <summary>One purge of the canary, looked at from every healthy PoP. For the loop and for tests.</summary>
    public async Task ProbeAsync(CancellationToken stop)
    {
        ImmutableArray<NodeRecord> pops =
        [
            .. fleet
                .List()
                .Where(standing =>
                    standing is { Healthy: true, Node: { Role: NodeRole.Pop, Enabled: true, Leaving: false, Url.Length: > 0 } }
                )
                .Select(standing => standing.Node),
        ];
        if (pops.IsEmpty)
        {
            meter.Failed("no_nodes");
            return;
        }
        if (!(await canary.PropertyAsync(stop)).Ok(out var property, out var refusal))
        {
            log.NoCanary(refusal.Message);
            meter.Failed("no_canary");
            return;
        }
        var hostname = property.Hostnames[0].Name;

        // 1. Every PoP has the page as it is.
        await ForEachAsync(pops, (pop, end) => ReadAsync(pop, hostname, end), stop);

        // 2. The origin changes, then the purge: what is older than this version is stale from the 200 on.
        var version = canary.Raise();
        var asking = Caller.Prober(property.AccountId);
        var answer = await purges.AcceptAsync(asking, property, PurgeOfIt, key: null, stop);
        if (!answer.Ok(out var accepted, out refusal))
        {
            meter.Failed("refused");
            return;
        }
        var acceptedAt = time.GetTimestamp();
        meter.Probed();

        // 3. Each PoP, until it answers with the new page; from "complete" on it must.
        using var late = new CancellationTokenSource(GiveUpAfter, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        var complete = desk.WhenCompleteAsync(accepted.Position, end.Token);
        await ForEachAsync(pops, (pop, _) => WatchAsync(pop, hostname, version, acceptedAt, complete, end.Token), stop);
        await complete.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!complete.IsCompletedSuccessfully && !stop.IsCancellationRequested)
            meter.Failed("not_complete");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.ProbeEvery == TimeSpan.Zero)
            return;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listening = host.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken);

        using var next = new PeriodicTimer(options.ProbeEvery, time);
        while (await next.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ProbeAsync(stoppingToken);
            }
            catch (LogUnavailableException)
            {
                // Said by the log's own messages; the prober only reports that it could not look.
                meter.Failed("log_unavailable");
            }
        }
    }

    private async Task WatchAsync(NodeRecord pop, string hostname, long version, long acceptedAt, Task complete, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            // What was asked for before the purge was complete may be answered after it, and may be old.
            var (asked, wasComplete) = (time.GetElapsedTime(acceptedAt), complete.IsCompletedSuccessfully);
            var seen = await ReadAsync(pop, hostname, end);
            if (seen.Version >= version)
            {
                meter.Fresh(pop, asked);
                return;
            }
            if (wasComplete)
            {
                Judge(pop, version, seen);
                return;
            }
            await Task.Delay(BetweenReads, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>An answer after "complete" that is not the new page.</summary>
    private void Judge(NodeRecord pop, long version, Seen seen)
    {
        if (seen.Version is not { } old)
        {
            meter.Failed(seen.Failure!);
            return;
        }
        log.CanaryStale(pop.Id, version, old);
        meter.StaleAfterComplete(pop);
    }

    private async Task<Seen> ReadAsync(NodeRecord pop, string hostname, CancellationToken end)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(pop.Url), Canary.Path));
            request.Headers.Host = hostname;
            using var response = await _visitor.SendAsync(request, end);
            return response.IsSuccessStatusCode && Canary.Read(await response.Content.ReadAsStringAsync(end)) is { } version
                ? new Seen(version, null)
                : new Seen(null, "bad_answer");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return new Seen(null, "unreachable");
        }
    }

    private static Task ForEachAsync(
        ImmutableArray<NodeRecord> pops,
        Func<NodeRecord, CancellationToken, Task> look,
        CancellationToken stop
    ) =>
        Parallel.ForEachAsync(
            pops,
            new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = stop },
            async (pop, end) => await look(pop, end)
        );

    /// <summary>What a visitor got.</summary>
    /// <param name="Version">Of the page; null when there was no answer that says one.</param>
    /// <param name="Failure">Why not, as a label; null when there is a version.</param>
    private readonly record struct Seen(long? Version, string? Failure);
}
