namespace Paradarum.Control.Telemetry;

/// <summary>
/// When the log's head came where: turns a node's lag in positions into seconds. Keeps a bounded number of samples and thins out the older half when it is full,
/// so that an old lag is told coarsely, never too small by more than the gap between two samples. Not safe from several threads.
/// </summary>
internal sealed class HeadTimes
{
    /// <summary>Samples kept.</summary>
    public const int Most = 4096;

    private readonly List<(ulong Head, TimeSpan At)> _samples = [];

    /// <summary>The head is at this position since <paramref name="now"/>, at the latest.</summary>
    public void Moved(ulong head, TimeSpan now)
    {
        if (_samples.Count > 0 && _samples[^1].Head >= head)
            return;
        if (_samples.Count == Most)
            ThinOut();
        _samples.Add((head, now));
    }

    /// <summary>Age of the oldest record beyond <paramref name="applied"/>; zero when there is none.</summary>
    public TimeSpan Lag(ulong applied, TimeSpan now)
    {
        var (low, high) = (0, _samples.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_samples[middle].Head > applied)
                high = middle;
            else
                low = middle + 1;
        }
        return low == _samples.Count ? TimeSpan.Zero : now - _samples[low].At;
    }

    private void ThinOut()
    {
        // Of two neighbours the older instant stays with the newer position: a lag is never told smaller than it is.
        var kept = 0;
        for (var i = 0; i < Most / 2; i += 2)
            _samples[kept++] = (_samples[i + 1].Head, _samples[i].At);
        _samples.RemoveRange(kept, (Most / 2) - kept);
    }
}
