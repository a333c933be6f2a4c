using Microsoft.Extensions.Logging.Console;
using Paradarum.Options;

namespace Paradarum.Processes;

/// <summary>Log lines of a process: one line each, to stderr; stdout holds the ready line alone.</summary>
internal static class ProcessLogging
{
    public static readonly Setting<LogLevel> Level = new(
        "log-level",
        "LEVEL",
        "Least severe messages to log, to stderr: debug, information, warning or error.",
        SettingKinds.OneOf(
            ("debug", LogLevel.Debug),
            ("information", LogLevel.Information),
            ("warning", LogLevel.Warning),
            ("error", LogLevel.Error)
        ),
        "information"
    );

    public static Action<ILoggingBuilder> To(LogLevel least) =>
        logging =>
            logging
                .SetMinimumLevel(least)
                // The frameworks' own chatter, a line per request among it, only where it is a warning.
                .AddFilter("Microsoft", LogLevel.Warning)
                .AddFilter("System", LogLevel.Warning)
                .AddFilter("Grpc", LogLevel.Warning)
                // It never warns, but as long as it might, every request gets an activity and a scope that nobody reads. Traces are made without it.
                .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
                .AddSimpleConsole(console =>
                {
                    console.SingleLine = true;
                    console.UseUtcTimestamp = true;
                    console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                    console.ColorBehavior = LoggerColorBehavior.Disabled;
                })
                .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
