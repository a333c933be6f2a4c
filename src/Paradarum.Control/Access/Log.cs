namespace Paradarum.Control.Access;

/// <summary>Log messages of this folder: 1100 to 1199.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Warning, "The last use of API keys could not be written down; it is tried again")]
    public static partial void UseNotWritten(this ILogger log, Exception cause);
}
