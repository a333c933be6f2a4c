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

    [LoggerMessage(
        6002,
        LogLevel.Warning,
        "The certificate of {Hostname} (property {Property}) ends at {End:u}, in {Hours} hours. Send the next one: POST /api/property/{PropertyId}/hostname/{HostnameId}/certificate"
    )]
    public static partial void CertificateEnds(
        this ILogger log,
        string hostname,
        string property,
        DateTimeOffset end,
        int hours,
        long propertyId,
        long hostnameId
    );

    [LoggerMessage(
        6003,
        LogLevel.Error,
        "The certificate of {Hostname} (property {Property}) ended at {End:u}: browsers warn of the site. Send a new one: POST /api/property/{PropertyId}/hostname/{HostnameId}/certificate"
    )]
    public static partial void CertificateEnded(
        this ILogger log,
        string hostname,
        string property,
        DateTimeOffset end,
        long propertyId,
        long hostnameId
    );
}
