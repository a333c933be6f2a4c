namespace Paradarum.Control.Webhooks;

/// <summary>Messages of webhooks, ids 3400 to 3499.</summary>
internal static partial class Log
{
    [LoggerMessage(3400, LogLevel.Warning, "Webhook {Webhook} of property {Property}: {Result}")]
    public static partial void NotDelivered(this ILogger log, long webhook, long property, string result);

    [LoggerMessage(3401, LogLevel.Error, "Deliveries of webhooks cannot be written or read; they are tried again")]
    public static partial void NotWritten(this ILogger log, Exception cause);
}
