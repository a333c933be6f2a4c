using Microsoft.Extensions.Logging;

namespace Paradarum.Edge.ControlLink;

/// <summary>Messages of the control link, ids 5000 to 5099.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Information, "Connected to the control plane: node {Node}, log {Epoch}")]
    public static partial void LinkOpened(this ILogger log, string node, string epoch);

    [LoggerMessage(5001, LogLevel.Warning, "Node {Node} has lost its control link at position {Position}, {Failures} in a row")]
    public static partial void LinkLost(this ILogger log, string node, ulong position, int failures, Exception? cause);

    [LoggerMessage(5002, LogLevel.Error, "The control plane refused this node: {Reason}")]
    public static partial void LinkRefused(this ILogger log, string reason);

    [LoggerMessage(5003, LogLevel.Error, "What the control plane sent does not fit what is stored ({Fault}): everything is dropped")]
    public static partial void EverythingDropped(this ILogger log, LinkFault fault);

    [LoggerMessage(
        5005,
        LogLevel.Warning,
        "{Properties} properties pass through by position {Position}: their configuration is of a later version. Nothing of them is stored until this node is upgraded"
    )]
    public static partial void PassingThrough(this ILogger log, int properties, ulong position);

    [LoggerMessage(5004, LogLevel.Information, "This node was deleted: its store is dropped and it does not come back")]
    public static partial void NodeLeft(this ILogger log);
}
