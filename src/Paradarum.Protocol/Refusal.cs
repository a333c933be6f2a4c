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
}

/// <summary>An expected failure: its kind and the sentence that the caller reads (contract 1.3).</summary>
public sealed record Refusal(RefusalKind Kind, string Message)
{
    public static Refusal Malformed(string message) => new(RefusalKind.Malformed, message);

    public static Refusal NotFound(string message) => new(RefusalKind.NotFound, message);
}
