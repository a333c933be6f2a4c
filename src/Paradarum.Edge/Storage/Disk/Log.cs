using Microsoft.Extensions.Logging;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>Messages of the disk tier, ids 5200 to 5299.</summary>
internal static partial class Log
{
    [LoggerMessage(5200, LogLevel.Warning, "What lay in the store's folder is dropped: {Fault}")]
    public static partial void StoreDropped(this ILogger log, StoreFault fault);

    [LoggerMessage(
        5201,
        LogLevel.Warning,
        "Segment {Segment} is dropped: its index reads up to {End}, and {Durable} bytes of it were durable"
    )]
    public static partial void SegmentDropped(this ILogger log, long segment, long end, long durable);

    [LoggerMessage(5202, LogLevel.Warning, "Segment {Segment} can't be read, or deleted")]
    public static partial void SegmentUnreadable(this ILogger log, long segment, Exception cause);

    [LoggerMessage(
        5203,
        LogLevel.Information,
        "The store on disk is opened at position {Position}; its entries are loaded while the node serves"
    )]
    public static partial void StoreOpened(this ILogger log, ulong position);

    [LoggerMessage(
        5204,
        LogLevel.Information,
        "{Entries} entries are loaded from disk in {Milliseconds} ms; {Left} were purged, replaced or of no use"
    )]
    public static partial void StoreLoaded(this ILogger log, long entries, long milliseconds, long left);

    [LoggerMessage(5205, LogLevel.Error, "The disk is {Condition}: the node goes on from memory and tries again in {Rest}")]
    public static partial void DiskFailed(this ILogger log, DiskCondition condition, TimeSpan rest, Exception cause);

    [LoggerMessage(5206, LogLevel.Information, "The disk takes writes again")]
    public static partial void DiskIsBack(this ILogger log);

    [LoggerMessage(
        5207,
        LogLevel.Warning,
        "The disk is {Condition}: {Skipped} responses were kept in memory alone, {Late} readings came too late, {Failed} failed, {Torn} bodies were torn"
    )]
    public static partial void DiskIsSlow(this ILogger log, DiskCondition condition, long skipped, long late, long failed, long torn);
}
