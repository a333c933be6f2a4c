namespace Paradarum.Control.Api;

/// <summary>
/// The outermost piece under <c>/api</c>: whatever leaves without a body of its own (an unknown route, a wrong method, an exception) gets the envelope here.
/// Event streams have started their answer by the time this looks and are left alone.
/// </summary>
internal sealed class ApiFrame(RequestDelegate next, ILogger<ApiFrame> log)
{
    public static readonly PathString Base = "/api";

    public const string RequestIdHeader = "X-Request-Id";

    public Task InvokeAsync(HttpContext context) =>
        context.Request.Path.StartsWithSegments(Base, StringComparison.OrdinalIgnoreCase) ? FramedAsync(context) : next(context);

    private async Task FramedAsync(HttpContext context)
    {
        // What the audit trail names the request by.
        context.Response.Headers[RequestIdHeader] = context.TraceIdentifier;
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // The client broke its own request: a chunk that is none, a body shorter than announced, too slow a body.
            await AnswerAsync(context, e.StatusCode, "The request could not be read.");
            return;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // nobody is there to answer
        }
#pragma warning disable CA1031 // this is the supervisor of every request: the bug is logged and answered
        catch (Exception e) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            log.RequestFailed(context.Request.Method, context.Request.Path.Value ?? "", e);
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, "An unexpected error occurred.");
            return;
        }

        var response = context.Response;
        if (!response.HasStarted && response.StatusCode >= StatusCodes.Status400BadRequest && response.ContentLength is null)
            await AnswerAsync(context, response.StatusCode, Sentence(response.StatusCode));
    }

    private static Task AnswerAsync(HttpContext context, int status, string message)
    {
        // An Allow header (405) stays; what a failed endpoint may have begun to say about a body does not.
        context.Response.Headers.ContentLength = null;
        context.Response.Headers.Location = default;
        return Answer.WriteAsync(context, status, new Envelope<object>(false, message, null));
    }

    private static string Sentence(int status) =>
        status switch
        {
            StatusCodes.Status404NotFound => "Endpoint not found.",
            StatusCodes.Status405MethodNotAllowed => "Method not allowed.",
            StatusCodes.Status415UnsupportedMediaType => "Content-Type must be application/json.",
            _ => "The request could not be processed.",
        };
}
