namespace Paradarum.Control.Api;

/// <summary>What every answer under <c>/api</c> looks like (contract section 0). Clients branch on the status and read <paramref name="Message"/>.</summary>
/// <param name="Succeeded">True exactly when the status is below 400.</param>
internal sealed record Envelope<T>(bool Succeeded, string Message, T? Data);

/// <summary>The envelope of a list.</summary>
/// <param name="PageNumber">1-based.</param>
internal sealed record PageEnvelope<T>(
    bool Succeeded,
    string Message,
    IReadOnlyList<T> Data,
    int PageNumber,
    int PageSize,
    int TotalPages,
    int TotalRecords
);
