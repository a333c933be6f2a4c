namespace Paradarum.Control.Telemetry;

/// <summary>Messages of telemetry, ids 6000 to 6099.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Warning, "The prober has no canary: {Reason}")]
    public static partial void NoCanary(this ILogger log, string reason);

    [LoggerMessage(
        6001,
        LogLevel.Critical,
        "PoP {Node} answered with the canary's version {Seen} after the purge for version {Version} was complete"
    )]
    public static partial void CanaryStale(this ILogger log, string node, long version, long seen);
}
