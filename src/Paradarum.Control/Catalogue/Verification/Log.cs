namespace Paradarum.Control.Catalogue.Verification;

/// <summary>Messages of the verification of hostnames, ids 3500 to 3599.</summary>
internal static partial class Log
{
    [LoggerMessage(
        3500,
        LogLevel.Warning,
        "The addresses of {Name} could not be asked for; the hostname stays pending. Is --dns-server right?"
    )]
    public static partial void NotLookedUp(this ILogger log, string name, Exception cause);
}
