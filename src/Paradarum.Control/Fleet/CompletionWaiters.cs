namespace Paradarum.Control.Fleet;

/// <summary>Who waits for positions to be complete. However many wait for one position, it is one entry. Safe from any thread.</summary>
internal sealed class CompletionWaiters
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, Waiting> _waiting = [];
    private ulong _announced;

    public CompletionWaiters(ulong announced) => _announced = announced;

    /// <summary>Everything up to here is complete, and on disk.</summary>
    public void Announce(ulong through)
    {
        List<TaskCompletionSource>? done = null;
        lock (_lock)
        {
            _announced = Math.Max(_announced, through);
            while (_waiting.Count > 0 && _waiting.First() is var (position, waiting) && position <= through)
            {
                (done ??= []).Add(waiting.Done);
                _waiting.Remove(position);
            }
        }
        foreach (var one in done ?? [])
            one.TrySetResult();
    }

    public async Task WaitAsync(ulong position, CancellationToken stop)
    {
        Waiting? waiting;
        lock (_lock)
        {
            if (_announced >= position)
                return;
            if (!_waiting.TryGetValue(position, out waiting))
                _waiting.Add(position, waiting = new Waiting());
            waiting.Count++;
        }
        try
        {
            await waiting.Done.Task.WaitAsync(stop);
        }
        finally
        {
            lock (_lock)
            {
                if (--waiting.Count == 0 && _waiting.TryGetValue(position, out var still) && ReferenceEquals(still, waiting))
                    _waiting.Remove(position);
            }
        }
    }

    private sealed class Waiting
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }
    }
}
