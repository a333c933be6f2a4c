namespace Paradarum.Edge.Purging;

/// <summary>
/// What one property's patterns may cost this node (G7): 50 ms and 1 microsecond for each entry of the property for one pattern, ten times that for all that are
/// pending together. Processor time of the matching itself (<see cref="ThreadClock"/>).
/// </summary>
/// <param name="entries">How many entries the property has now.</param>
/// <param name="exceeded">Called when a pattern ran out of it, from whichever thread tested it: someone is to widen.</param>
internal sealed class PatternBudget(Func<long> entries, Action exceeded)
{
    public static readonly TimeSpan OfOneText = TimeSpan.FromMilliseconds(1);

    /// <summary>The engine measures time on the wall: a run that was stopped without having used its millisecond is made once more, with this much.</summary>
    public static readonly TimeSpan OfOneTextAgain = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan Fixed = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan ForEachEntry = TimeSpan.FromMicroseconds(1);
    public const int TogetherTimes = 10;

    private long _spent; // ticks of TimeSpan

    /// <summary>All pending patterns together have had their share: each counts as matching from here on, until they are widened.</summary>
    public bool IsSpent => Volatile.Read(ref _spent) > OfOnePattern.Ticks * TogetherTimes;

    private TimeSpan OfOnePattern => Fixed + (ForEachEntry * entries());

    /// <summary>Books what a pattern took; false when the pattern, or all of them together, have had their share.</summary>
    public bool Book(TimeSpan took, TimeSpan byPattern)
    {
        Interlocked.Add(ref _spent, took.Ticks);
        if (byPattern <= OfOnePattern && !IsSpent)
            return true;
        exceeded();
        return false;
    }

    /// <summary>A pattern that cannot be run at all, or ran past its time on one text.</summary>
    public void Fail() => exceeded();

    /// <summary>A pattern is pending no longer: what it took counts against the others no more.</summary>
    public void Return(TimeSpan spent) => Interlocked.Add(ref _spent, -spent.Ticks);
}
