using Microsoft.Extensions.Logging;

namespace Paradarum.Control.Fleet;

/// <summary>Messages of the fleet, ids 3000 to 3099.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "Node {Node} connected: instance {Instance}, presenting position {Position}")]
    public static partial void NodeConnected(this ILogger log, string node, string instance, ulong? position);

    [LoggerMessage(3001, LogLevel.Information, "Node {Node} lost its stream")]
    public static partial void NodeLost(this ILogger log, string node, Exception? cause);

    [LoggerMessage(3002, LogLevel.Warning, "Node {Node} was refused: {Reason}")]
    public static partial void NodeRefused(this ILogger log, string node, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "Node {Node} gets no lease: {Reason}")]
    public static partial void NotRenewed(this ILogger log, string node, RenewalReason reason);

    [LoggerMessage(3004, LogLevel.Information, "Node {Node} is sent a snapshot at position {Position}: {Reason}")]
    public static partial void SnapshotSent(this ILogger log, string node, ulong position, string reason);

    [LoggerMessage(3005, LogLevel.Error, "The fleet's news could not be written; nothing is complete until it is")]
    public static partial void NewsNotWritten(this ILogger log, Exception cause);

    [LoggerMessage(3006, LogLevel.Information, "Node {Node} left the fleet")]
    public static partial void NodeLeft(this ILogger log, string node);

    [LoggerMessage(3010, LogLevel.Information, "Node {Node} was stopped in good order and holds no lease")]
    public static partial void NodeStopped(this ILogger log, string node);

    [LoggerMessage(3007, LogLevel.Information, "Node {Node} enrolled")]
    public static partial void NodeEnrolled(this ILogger log, string node);

    [LoggerMessage(3008, LogLevel.Warning, "Node {Node} acknowledged position {Position}, which it was not sent or whose hash differs")]
    public static partial void AckRefused(this ILogger log, string node, ulong position);

    [LoggerMessage(
        3009,
        LogLevel.Warning,
        "Node {Node} stores nothing of {Properties} properties: their configuration is of a later version than it. Upgrade it"
    )]
    public static partial void PassingThrough(this ILogger log, string node, int properties);
}
