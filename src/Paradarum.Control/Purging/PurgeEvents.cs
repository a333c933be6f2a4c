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
    TimeProvider time
) : IResult, IStatusCodeHttpResult
{
    /// <summary>How long nothing may be said: proxies close what is silent for longer than a minute or so.</summary>
    public static readonly TimeSpan KeepAliveEvery = TimeSpan.FromSeconds(15);

    int? IStatusCodeHttpResult.StatusCode => StatusCodes.Status200OK;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await SendAsync(httpContext);
        }
        finally
        {
            watches.Leave(propertyId, purgeId, watch);
        }
    }

    private async Task SendAsync(HttpContext context)
    {
        var (response, stop) = (context.Response, context.RequestAborted);
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // What stands in front must not collect events.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // The head goes out before there is anything to say.
        await response.StartAsync(stop);
        await response.Body.FlushAsync(stop);

        var seen = watch.SeenBy(context.Request.Headers["Last-Event-ID"]);
        while (true)
        {
            var view = watch.View;
            foreach (var one in view.Events)
            {
                // A reader that does not read holds up this one write, nobody else's; the server ends a connection that takes too little.
                if (one.Version > seen)
                    await response.Body.WriteAsync(one.Bytes, stop);
            }
            if (view.Version > seen)
                await response.Body.FlushAsync(stop);
            seen = Math.Max(seen, view.Version);
            if (view.IsLast)
                return;
            if (await ChangedAsync(view.Changed, stop))
                continue;
            if (!keys.IsGood(caller))
                return;
            await response.Body.WriteAsync(": still there\n\n"u8.ToArray(), stop);
            await response.Body.FlushAsync(stop);
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
