namespace Paradarum.Edge.ControlLink;

/// <summary>How long to wait before the stream is opened again: doubles from 50 ms to 2 s, under the default lease, each time between half and all of it.</summary>
internal static class Backoff
{
    private const double ShortestMilliseconds = 50;
    private const double LongestMilliseconds = 2000;

    /// <summary>Counts failures as each single address has seen them: having tried the others is no reason to wait longer.</summary>
    public static TimeSpan For(int failures, int addresses, double random) => For(((failures - 1) / addresses) + 1, random);

    /// <param name="failures">In a row, from 1.</param>
    /// <param name="random">From 0 to 1: nodes that lost the same control plane must not come back at the same moment.</param>
    public static TimeSpan For(int failures, double random)
    {
        var longest = Math.Min(LongestMilliseconds, ShortestMilliseconds * Math.Pow(2, Math.Min(failures, 20) - 1));
        return TimeSpan.FromMilliseconds(longest * (0.5 + (random / 2)));
    }
}
