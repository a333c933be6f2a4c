using Microsoft.Extensions.Logging;

namespace Paradarum.Control.PurgeLog;

/// <summary>Events 1100 to 1199.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Error, "A group of {Works} writes could not be made durable; the database is reopened")]
    public static partial void GroupLost(this ILogger log, int works, Exception cause);

    // Once a second in an outage: the sentence is the operator's, a trace of the calls is nobody's.
    [LoggerMessage(1101, LogLevel.Error, "The database cannot be reopened; every write is refused until it can. {Reason}")]
    public static partial void CannotReopen(this ILogger log, string reason);

    [LoggerMessage(1102, LogLevel.Warning, "The database is open again; the log ends at position {Head}")]
    public static partial void Reopened(this ILogger log, ulong head);

    [LoggerMessage(
        1103,
        LogLevel.Critical,
        "What is in memory is behind what is in the database; no more writes are taken until the control plane starts anew"
    )]
    public static partial void MemoryBehind(this ILogger log, Exception cause);

    [LoggerMessage(1104, LogLevel.Warning, "A reader holds back the checkpoint; the write-ahead log has {Bytes} bytes")]
    public static partial void CheckpointHeldBack(this ILogger log, long bytes);

    [LoggerMessage(1105, LogLevel.Warning, "The write-ahead log could not be copied into the database on closing; the next start does it")]
    public static partial void CheckpointFailed(this ILogger log, Exception cause);

    [LoggerMessage(1106, LogLevel.Critical, "The log has lost its end, and the next start begins a new epoch: {Reason}")]
    public static partial void EpochOver(this ILogger log, string reason);

    [LoggerMessage(1107, LogLevel.Warning, "The log begins a new epoch, and nodes drop what they stored. {Reason}")]
    public static partial void EpochBegun(this ILogger log, string reason);
}
