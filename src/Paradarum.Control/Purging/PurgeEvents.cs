using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Paradarum.Control.Access;

namespace Paradarum.Control.Purging;

/// <summary>
/// Answers with a purge's events as they come (contract part 2; docs/formats/purge-events.md): <c>state</c> and <c>node</c>, the last one <c>complete</c>, then the end.
/// </summary>
internal sealed class PurgeEvents(
    PurgeWatches watches,
    long propertyId,
    string purgeId,
    PurgeWatch watch,
    Caller caller,
    KeyRing keys,
    TimeProvider time,
    CancellationToken stopping
) : IResult, IStatusCodeHttpResult
{
    /// <summary>How long nothing may be said: proxies close what is silent for longer than a minute or so.</summary>
    public static readonly TimeSpan KeepAliveEvery = TimeSpan.FromSeconds(15);

    /// <summary>How long one write may wait for a listener to take it: one that reads nothing is hung up on then. The server's own bound on slow readers is hundreds of seconds by the time its buffers are full.</summary>
    public static readonly TimeSpan TakenWithin = TimeSpan.FromSeconds(15);

    /// <summary>What the kernel may take in for a listener that reads nothing, in bytes. By itself it takes up to 4 MiB for each, which 10 000 of them would turn into 40 GiB.</summary>
    private const int MostUnread = 64 << 10;

    int? IStatusCodeHttpResult.StatusCode => StatusCodes.Status200OK;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await SendAsync(httpContext, stop.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The control plane stops and would wait for this: the listener comes again with the version that it has.
        }
        finally
        {
            watches.Leave(propertyId, purgeId, watch);
        }
    }

    private async Task SendAsync(HttpContext context, CancellationToken stop)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // What stands in front must not collect events.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            socket.SendBufferSize = MostUnread;
        // The head goes out before there is anything to say.
        await response.StartAsync(stop);
        if (!await TakenAsync(context, response.Body.FlushAsync(stop)))
            return;

        var seen = watch.SeenBy(context.Request.Headers["Last-Event-ID"]);
        while (true)
        {
            var view = watch.View;
            foreach (var one in view.Events)
            {
                // A listener that does not read holds up this one write, nobody else's.
                if (one.Version > seen && !await TakenAsync(context, response.Body.WriteAsync(one.Bytes, stop).AsTask()))
                    return;
            }
            if (view.Version > seen && !await TakenAsync(context, response.Body.FlushAsync(stop)))
                return;
            seen = Math.Max(seen, view.Version);
            if (view.IsLast)
                return;
            if (await ChangedAsync(view.Changed, stop))
                continue;
            if (!keys.IsGood(caller))
                return;
            if (!await TakenAsync(context, response.Body.WriteAsync(": still there\n\n"u8.ToArray(), stop).AsTask()))
                return;
            if (!await TakenAsync(context, response.Body.FlushAsync(stop)))
                return;
        }
    }

    /// <returns>False when the listener was hung up on.</returns>
    private async Task<bool> TakenAsync(HttpContext context, Task taking)
    {
        if (taking.IsCompleted)
        {
            await taking;
            return true;
        }
        try
        {
            await taking.WaitAsync(TakenWithin, time);
            return true;
        }
        catch (TimeoutException)
        {
            context.Abort();
            await taking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    private async Task<bool> ChangedAsync(Task changed, CancellationToken stop)
    {
        try
        {
            await changed.WaitAsync(KeepAliveEvery, time, stop);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
