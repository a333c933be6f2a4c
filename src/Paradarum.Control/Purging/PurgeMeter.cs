using System.Diagnostics.Metrics;

namespace Paradarum.Control.Purging;

/// <summary>How many purges were accepted and refused, and why.</summary>
internal sealed class PurgeMeter(IMeterFactory meters)
{
    /// <summary>Name of the control plane's meter.</summary>
    public const string MeterName = "Paradarum.Control";

    /// <summary>Who asked for what no client asked for.</summary>
    public const string System = Audit.AuditActor.System;

    private readonly Counter<long> _accepted = meters
        .Create(MeterName)
        .CreateCounter<long>("paradarum.purges.accepted", "{purge}", "Made durable, by who asked: a client or the system");

    private readonly Counter<long> _refused = meters
        .Create(MeterName)
        .CreateCounter<long>("paradarum.purges.refused", "{request}", "Purge requests that queued nothing, by reason");

    /// <summary>A purge is durable.</summary>
    public void Accepted(string askedBy) =>
        _accepted.Add(1, new KeyValuePair<string, object?>("by", askedBy is System or Audit.AuditActor.Prober ? System : "client"));

    /// <summary>A request to purge was answered with an error; the reasons are the guards of contract 1.3.</summary>
    public void Refused(int status) => _refused.Add(1, new KeyValuePair<string, object?>("reason", Reason(status)));

    private static string Reason(int status) =>
        status switch
        {
            StatusCodes.Status400BadRequest => "malformed",
            StatusCodes.Status401Unauthorized => "unauthenticated",
            StatusCodes.Status403Forbidden => "closed",
            StatusCodes.Status404NotFound => "unknown_property",
            StatusCodes.Status409Conflict => "idempotency_conflict",
            StatusCodes.Status413PayloadTooLarge => "too_large",
            StatusCodes.Status415UnsupportedMediaType => "media_type",
            StatusCodes.Status429TooManyRequests => "rate_limit",
            _ => "unavailable",
        };
}

/// <summary>Marks the endpoints that purge: what they refuse is counted, whichever guard refused it.</summary>
internal sealed class CountedAsPurge
{
    public static readonly CountedAsPurge Mark = new();

    /// <summary>After routing and before every guard.</summary>
    public static async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<CountedAsPurge>() is null)
        {
            await next(context);
            return;
        }
        var meter = context.RequestServices.GetRequiredService<PurgeMeter>();
        try
        {
            await next(context);
        }
        catch
        {
            meter.Refused(StatusCodes.Status500InternalServerError);
            throw;
        }
        if (context.Response.StatusCode >= StatusCodes.Status400BadRequest)
            meter.Refused(context.Response.StatusCode);
    }
}
