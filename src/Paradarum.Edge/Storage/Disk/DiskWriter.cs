using Microsoft.Extensions.Hosting;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>The thread that <see cref="DiskTier"/>'s passes run on, for the life of the node: it may wait for the disk as long as it likes. At a stop it makes one more, so that a start finds everything.</summary>
internal sealed class DiskWriter(DiskTier tier) : IHostedService, IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly AutoResetEvent _needed = new(initialState: true);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        tier.WorkNeeded = () => _needed.Set();
        tier.Open();
        new Thread(Run) { IsBackground = true, Name = "disk writer" }.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _needed.Set();
        // A disk that hangs does not hold up the stop for ever.
        await _over.Task.WaitAsync(Longest, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _stop.Dispose();
        tier.Dispose();
    }

    private void Run()
    {
        try
        {
            // Nothing is written before: what is begun now must not be taken for what lay there.
            while (!tier.Load(_stop.Token) && !_stop.IsCancellationRequested)
                _needed.WaitOne(Wait());
            while (!_stop.IsCancellationRequested)
            {
                _needed.WaitOne(Wait());
                tier.Work();
            }
            while (tier.Books.QueuedBytes > 0 && tier.Health.MayWrite)
                tier.Work();
            tier.Work(isLast: true);
            _over.TrySetResult();
        }
        catch (Exception e)
        {
            _over.TrySetException(e);
            throw;
        }
    }

    /// <summary>Until the next pass, when nobody calls for one.</summary>
    private TimeSpan Wait()
    {
        if (tier.Health.WritesRest is { Ticks: > 0 } rest)
            return rest < Longest ? rest : Longest;
        if (tier.Books.HasWork)
            return TimeSpan.Zero;
        return tier.CursorIn is { } cursor && cursor < Longest ? cursor + TimeSpan.FromMilliseconds(1) : Longest;
    }
}
