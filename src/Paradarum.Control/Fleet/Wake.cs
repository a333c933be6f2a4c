using System.Threading.Channels;

namespace Paradarum.Control.Fleet;

/// <summary>Wakes one waiter; being set several times before it looks wakes it once.</summary>
internal sealed class Wake
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );

    public void Set() => _signal.Writer.TryWrite(true);

    /// <summary>The same for at most so long. A time that is over is a word like another: an exception for it would cost more than what is waited for.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken stop)
    {
        // Timers count whole milliseconds, and one that rings early has to be set again.
        var due = longest > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(longest.TotalMilliseconds)) : TimeSpan.Zero;
        await using var over = time.CreateTimer(static wake => ((Wake)wake!).Set(), this, due, Timeout.InfiniteTimeSpan);
        await WaitAsync(stop);
    }

    public async Task WaitAsync(CancellationToken stop) => await _signal.Reader.ReadAsync(stop);
}
