namespace Paradarum.Control.Api;

/// <summary>Log messages of this folder: 1000 to 1099.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Error, "{Method} {Path} failed unexpectedly")]
    public static partial void RequestFailed(this ILogger log, string method, string path, Exception cause);

    [LoggerMessage(
        1001,
        LogLevel.Error,
        "The control plane's certificate was changed and can't be used, the former one serves on: {Problem}"
    )]
    public static partial void CertificateUnusable(this ILogger log, string problem);
}
