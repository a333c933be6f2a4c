namespace Paradarum.Protocol;

/// <summary>Why something was refused; the HTTP status of each kind is chosen in one place, in the control plane.</summary>
public enum RefusalKind
{
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Unavailable,
    TooMany,
}

/// <summary>An expected failure: its kind and the sentence that the caller reads (contract 1.3).</summary>
public sealed record Refusal(RefusalKind Kind, string Message)
{
    /// <summary>When it is worth trying again; set exactly where there is too much of something.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static Refusal Malformed(string message) => new(RefusalKind.Malformed, message);

    public static Refusal NotFound(string message) => new(RefusalKind.NotFound, message);

    public static Refusal TooMany(string message, TimeSpan retryAfter) => new(RefusalKind.TooMany, message) { RetryAfter = retryAfter };

    /// <summary>A client's text as a sentence may repeat it: at most 100 characters, so that an answer does not grow with the request.</summary>
    public static string Quoted(string text) => text.Length <= LongestQuote ? text : string.Concat(text.AsSpan(0, LongestQuote), "...");

    private const int LongestQuote = 100;
}
