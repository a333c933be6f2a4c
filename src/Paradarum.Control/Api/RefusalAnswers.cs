using Paradarum.Protocol;

namespace Paradarum.Control.Api;

/// <summary>The one place where a refusal gets its HTTP status.</summary>
internal static class RefusalAnswers
{
    public static Answer<object> ToAnswer(this Refusal refusal) =>
        new(refusal.Kind.ToStatus(), refusal.Message, null) { RetryAfter = refusal.RetryAfter };

    /// <summary>A refusal that says more than its sentence: which items of a batch were refused, for one.</summary>
    public static Answer<T> ToAnswer<T>(this Refusal refusal, T data) =>
        new(refusal.Kind.ToStatus(), refusal.Message, data) { RetryAfter = refusal.RetryAfter };

    /// <summary>What is said with a status where an endpoint names no sentence of its own, for the API document.</summary>
    public static string Typical(int status) =>
        status switch
        {
            StatusCodes.Status400BadRequest => "Request body must be a JSON object.",
            StatusCodes.Status401Unauthorized => "Authentication required. Send a valid API key in the X-API-Key header.",
            StatusCodes.Status403Forbidden => "This API key may only be used to purge.",
            StatusCodes.Status404NotFound => "Property not found.",
            StatusCodes.Status413PayloadTooLarge => "Request body is too large. The limit is 4 MiB.",
            StatusCodes.Status415UnsupportedMediaType => "Content-Type must be application/json.",
            StatusCodes.Status429TooManyRequests => "Too many requests with this API key. The operator allows 10 a second.",
            StatusCodes.Status500InternalServerError => "An unexpected error occurred.",
            _ => throw new InvalidOperationException($"Say what an endpoint answers with {status} where it is mapped."),
        };

    public static int ToStatus(this RefusalKind kind) =>
        kind switch
        {
            RefusalKind.Malformed => StatusCodes.Status400BadRequest,
            RefusalKind.Unauthenticated => StatusCodes.Status401Unauthorized,
            RefusalKind.Forbidden => StatusCodes.Status403Forbidden,
            RefusalKind.NotFound => StatusCodes.Status404NotFound,
            RefusalKind.Conflict => StatusCodes.Status409Conflict,
            RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
            RefusalKind.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
            RefusalKind.TooMany => StatusCodes.Status429TooManyRequests,
            // The contract answers "no active cache nodes" with 500.
            RefusalKind.Unavailable => StatusCodes.Status500InternalServerError,
            _ => throw new InvalidOperationException($"No status is chosen for {kind}."),
        };
}
