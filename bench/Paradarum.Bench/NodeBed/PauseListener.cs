using System.Diagnostics.Tracing;

namespace Paradarum.Bench.NodeBed;

/// <summary>How long the collector stopped the program, each time.</summary>
internal sealed class PauseListener : EventListener
{
    private const int SuspendBegin = 9;
    private const int RestartEnd = 3;
    private const EventKeywords Collector = (EventKeywords)1;

    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];
    private DateTime _since;

    /// <summary>Of those since the last call, in milliseconds: how many, the 99th percentile and the longest.</summary>
    public (int Count, double At99, double Longest) Take()
    {
        lock (_gate)
        {
            if (_milliseconds.Count == 0)
                return default;
            _milliseconds.Sort();
            var taken = (
                _milliseconds.Count,
                _milliseconds[Math.Min(_milliseconds.Count - 1, _milliseconds.Count * 99 / 100)],
                _milliseconds[^1]
            );
            _milliseconds.Clear();
            return taken;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
            EnableEvents(eventSource, EventLevel.Informational, Collector);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        lock (_gate)
        {
            if (eventData.EventId == SuspendBegin)
                _since = eventData.TimeStamp;
            else if (eventData.EventId == RestartEnd && _since != default)
                _milliseconds.Add((eventData.TimeStamp - _since).TotalMilliseconds);
        }
    }
}
