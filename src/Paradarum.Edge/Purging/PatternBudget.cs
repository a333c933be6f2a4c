using Paradarum.Protocol.Configuration;

namespace Paradarum.Edge.Purging;

/// <summary>
/// What one property's patterns may cost this node (G7): 50 ms and 1 microsecond for each entry of the property for one pattern; for all of them together ten times
/// that at once, and a tenth of one core in the long run. Processor time of the matching itself (<see cref="ThreadClock"/>).
/// </summary>
/// <param name="entries">How many entries the property has now.</param>
/// <param name="exceeded">Called when a pattern ran out of it, from whichever thread tested it: someone is to widen.</param>
/// <param name="time">The clock by which the common share is given back.</param>
internal sealed class PatternBudget(Func<long> entries, Action exceeded, TimeProvider time)
{
    public static readonly TimeSpan OfOneText = TimeSpan.FromMilliseconds(1);

    /// <summary>The engine measures time on the wall: a run that was stopped without having used its millisecond is made once more, with this much.</summary>
    public static readonly TimeSpan OfOneTextAgain = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan Fixed = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan ForEachEntry = TimeSpan.FromMicroseconds(1);
    public const int TogetherTimes = 10;

    /// <summary>Of the time that passes, one part in so many is given back to the common share.</summary>
    public const int GivenBackOneIn = 10;

    private readonly Lock _booking = new();
    private TimeSpan _spent; // under _booking
    private long _givenBackAt = time.GetTimestamp(); // under _booking

    /// <summary>All patterns of the property together have had their share: what is tested now counts as matching, and is widened.</summary>
    public bool IsSpent => Spend(TimeSpan.Zero) > OfOnePattern * TogetherTimes;

    private TimeSpan OfOnePattern => Fixed + (ForEachEntry * entries());

    /// <summary>Books what a pattern took; false when the pattern, or all of them together, have had their share.</summary>
    public bool Book(TimeSpan took, TimeSpan byPattern)
    {
        var together = Spend(took);
        var one = OfOnePattern;
        return byPattern <= one && together <= one * TogetherTimes;
    }

    /// <summary>A pattern is to be widened.</summary>
    public void Fail() => exceeded();

    private TimeSpan Spend(TimeSpan took)
    {
        lock (_booking)
        {
            var now = time.GetTimestamp();
            var left = _spent - (time.GetElapsedTime(_givenBackAt, now) / GivenBackOneIn);
            _givenBackAt = now;
            return _spent = (left > TimeSpan.Zero ? left : TimeSpan.Zero) + took;
        }
    }
}
