namespace Paradarum.SimulationTests.World;

/// <summary>True time, in ticks of 100 ns since the start of the run, and what is to happen when. Ties happen in the order in which they were planned.</summary>
internal sealed class Time
{
    public const long Second = TimeSpan.TicksPerSecond;
    public const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly PriorityQueue<Action, Moment> _planned = new(1024, new InOrder());
    private long _order;

    public long Now { get; private set; }

    /// <summary>How many events have happened.</summary>
    public int Events { get; private set; }

    public void At(long instant, Action happens) => _planned.Enqueue(happens, new Moment(Math.Max(instant, Now), _order++));

    public void After(long delay, Action happens) => At(Now + delay, happens);

    public void RunUntil(long end, Func<bool> over)
    {
        while (_planned.TryPeek(out _, out var next) && next.At <= end && !over())
        {
            var happens = _planned.Dequeue();
            Now = next.At;
            Events++;
            happens();
        }
    }

    private readonly record struct Moment(long At, long Order);

    private sealed class InOrder : IComparer<Moment>
    {
        public int Compare(Moment one, Moment other) => one.At != other.At ? one.At.CompareTo(other.At) : one.Order.CompareTo(other.Order);
    }
}

/// <summary>A node's clocks: one that counts suspended time at a rate of its own, and a wall clock that also jumps.</summary>
internal sealed class NodeClock(Time time, double rate, long startedBefore) : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>What the wall clock has jumped so far.</summary>
    public TimeSpan Jumped { get; set; }

    public override long TimestampFrequency => 1_000_000_000;

    /// <summary>Nanoseconds since the machine's boot.</summary>
    public override long GetTimestamp() => startedBefore + (long)(time.Now * 100 * rate);

    public override DateTimeOffset GetUtcNow() => Beginning + new TimeSpan((long)(time.Now * rate)) + Jumped;

    /// <summary>How long a span of this clock takes in true time.</summary>
    public long True(TimeSpan span) => (long)(span.Ticks / rate) + 1;
}
