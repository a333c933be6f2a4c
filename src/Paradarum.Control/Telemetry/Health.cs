using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Telemetry;

/// <summary>
/// For a balancer and a service manager, on the API's port, for anyone: <c>/health/live</c> says that the process answers, <c>/health/ready</c> that a purge would be made durable now.
/// </summary>
internal sealed class Health(LogWriter writer, TimeProvider time)
{
    public static readonly PathString LivePath = "/health/live";
    public static readonly PathString ReadyPath = "/health/ready";

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<bool>? _asked;

    public static Task SayAsync(HttpContext context, int status, string word)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(word + "\n");
    }

    public async Task AnswerReadyAsync(HttpContext context)
    {
        var ready = !writer.Over.IsCompleted && await IsDurableAsync();
        await SayAsync(
            context,
            ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            ready ? "ready" : "the database takes no writes"
        );
    }

    /// <summary>Everyone who asks meanwhile shares one look: whoever asks without end costs one empty transaction at a time.</summary>
    private Task<bool> IsDurableAsync()
    {
        lock (_gate)
            return _asked is { IsCompleted: false } ? _asked : _asked = LookAsync();
    }

    private async Task<bool> LookAsync()
    {
        try
        {
            await writer.CommitNothingAsync(CancellationToken.None).WaitAsync(AnswerWithin, time);
            return true;
        }
        catch (Exception e) when (e is LogUnavailableException or TimeoutException)
        {
            return false;
        }
    }
}
