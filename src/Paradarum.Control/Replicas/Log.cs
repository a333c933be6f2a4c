using Microsoft.Extensions.Logging;

namespace Paradarum.Control.Replicas;

/// <summary>Events 3600 to 3699.</summary>
internal static partial class Log
{
    [LoggerMessage(
        3600,
        LogLevel.Warning,
        "PostgreSQL has no synchronous standby (synchronous_standby_names is empty): a purge that was answered 200 is lost with the primary's disk, and a promotion is treated like a restore. See docs/operating/postgresql.md"
    )]
    public static partial void NoSynchronousStandby(this ILogger log);

    [LoggerMessage(3601, LogLevel.Information, "A takeover will take some seconds longer: it could not be rehearsed. {Reason}")]
    public static partial void NotRehearsed(this ILogger log, string reason);
}
