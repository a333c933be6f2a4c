namespace Paradarum.Control.Access;

/// <summary>Log messages of this folder: 1200 to 1299.</summary>
internal static partial class Log
{
    [LoggerMessage(1200, LogLevel.Warning, "The last use of API keys could not be written down; it is tried again")]
    public static partial void UseNotWritten(this ILogger log, Exception cause);

    [LoggerMessage(1201, LogLevel.Warning, "The key of sign-in tokens could not be replaced; it is tried again in an hour")]
    public static partial void KeyNotRotated(this ILogger log, Exception cause);
}
