using System.Threading.Channels;

namespace Paradarum.Control.Fleet;

/// <summary>Wakes one waiter; being set several times before it looks wakes it once.</summary>
internal sealed class Wake
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );

    public void Set() => _signal.Writer.TryWrite(true);

    /// <returns>False when <paramref name="longest"/> passed first.</returns>
    public async Task<bool> WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken stop)
    {
        using var over = new CancellationTokenSource(longest > TimeSpan.Zero ? longest : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stop);
        try
        {
            await WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task WaitAsync(CancellationToken stop) => await _signal.Reader.ReadAsync(stop);
}
