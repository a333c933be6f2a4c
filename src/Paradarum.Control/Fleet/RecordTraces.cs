using System.Collections.Concurrent;
using System.Diagnostics;

namespace Paradarum.Control.Fleet;

/// <summary>
/// Which request appended which record, as long as nodes are still to be sent it: so that a trace goes on from the API to each node. Only requests that are
/// recorded by a tracer are kept, and of them the last <see cref="Most"/>.
/// </summary>
internal sealed class RecordTraces
{
    /// <summary>Name of the source of the control plane's spans.</summary>
    public const string SourceName = "Paradarum.Control";

    /// <summary>Records kept; a node further behind has no span for what fell out.</summary>
    public const int Most = 1024;

    public static readonly ActivitySource Source = new(SourceName);

    private readonly ConcurrentDictionary<ulong, ActivityContext> _asked = new();
    private readonly ConcurrentQueue<ulong> _inOrder = new();

    /// <summary>The record was appended for this activity; one that no tracer records is not kept.</summary>
    public void Appended(ulong position, Activity? asking)
    {
        if (asking is not { Recorded: true })
            return;
        _asked[position] = asking.Context;
        _inOrder.Enqueue(position);
        while (_asked.Count > Most && _inOrder.TryDequeue(out var oldest))
            _asked.TryRemove(oldest, out _);
    }

    /// <summary>Null when the record was not traced: that costs a look at an empty dictionary.</summary>
    public ActivityContext? Of(ulong position) => !_asked.IsEmpty && _asked.TryGetValue(position, out var asked) ? asked : null;
}

/// <summary>The spans of one stream: from sending a record to its acknowledgement, named <c>purge.dispatch</c>.</summary>
internal sealed class StreamTraces(RecordTraces traces, string nodeId, TimeProvider time)
{
    private readonly ConcurrentQueue<(ulong Position, ActivityContext Asked, DateTimeOffset SentAt)> _sent = new();

    /// <summary>Called as the record is put into a message. Returns the W3C traceparent to send along; empty when it is not traced.</summary>
    public string Sent(ulong position)
    {
        if (traces.Of(position) is not { } asked)
            return "";
        _sent.Enqueue((position, asked, time.GetUtcNow()));
        return $"00-{asked.TraceId.ToHexString()}-{asked.SpanId.ToHexString()}-{(asked.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}";
    }

    public void Acknowledged(ulong through)
    {
        while (_sent.TryPeek(out var sent) && sent.Position <= through)
        {
            _sent.TryDequeue(out _);
            using var span = RecordTraces.Source.StartActivity(
                "purge.dispatch",
                ActivityKind.Producer,
                sent.Asked,
                [new("paradarum.node", nodeId), new("paradarum.position", sent.Position)],
                startTime: sent.SentAt
            );
            span?.SetEndTime(time.GetUtcNow().UtcDateTime);
        }
    }
}
