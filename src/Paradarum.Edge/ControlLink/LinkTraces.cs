using System.Diagnostics;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.ControlLink;

/// <summary>The traces that came with some records: from their arrival to their being in force on this node (one span for each, named <c>purge.apply</c>).</summary>
internal sealed class LinkTraces
{
    private static readonly ActivitySource Source = new("Paradarum.Edge");

    private readonly List<Activity> _running = [];

    private LinkTraces() { }

    /// <summary>Null when none of them is traced, or nobody listens: then it costs a look at each record.</summary>
    public static LinkTraces? Of(List<LogRecordMessage> records)
    {
        LinkTraces? traces = null;
        if (!Source.HasListeners())
            return null;
        foreach (var record in records)
        {
            if (record.TraceParent.Length == 0 || !ActivityContext.TryParse(record.TraceParent, null, isRemote: true, out var asked))
                continue;
            if (Source.StartActivity("purge.apply", ActivityKind.Consumer, asked) is not { } activity)
                continue;
            activity.SetTag("paradarum.position", record.Position);
            (traces ??= new LinkTraces())._running.Add(activity);
        }
        // What follows is not part of any of them.
        if (traces is not null)
            Activity.Current = null;
        return traces;
    }

    /// <summary>They are in force and acknowledged.</summary>
    public void Applied(string nodeId)
    {
        foreach (var activity in _running)
        {
            activity.SetTag("paradarum.node", nodeId);
            activity.Dispose();
        }
        Activity.Current = null;
    }
}
