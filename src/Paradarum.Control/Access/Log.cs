namespace Paradarum.Control.Access;

/// <summary>Log messages of this folder: 1100 to 1199.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Warning, "The last use of API keys could not be written down; it is tried again")]
    public static partial void UseNotWritten(this ILogger log, Exception cause);

    [LoggerMessage(1101, LogLevel.Warning, "The key of sign-in tokens could not be replaced; it is tried again in an hour")]
    public static partial void KeyNotRotated(this ILogger log, Exception cause);
}
