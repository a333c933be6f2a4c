using System.Collections.Concurrent;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>
/// Reads bodies from disk on threads of its own: one that hangs in the kernel holds up those few and nobody else. What comes while too many wait is refused, which is a miss.
/// </summary>
internal sealed class DiskReaders : IDisposable
{
    private const int Threads = 4;
    private const int MostWaiting = 1024;

    private readonly DiskHealth _health;
    private readonly BlockingCollection<Job> _waiting = new(MostWaiting);

    public DiskReaders(DiskHealth health)
    {
        _health = health;
        for (var i = 0; i < Threads; i++)
            new Thread(Run) { IsBackground = true, Name = "disk reader" }.Start();
    }

    /// <summary>The chunks of a body from one on. Never throws, never blocks.</summary>
    public Task<(DiskReadOutcome Outcome, byte[][] Chunks)> ReadAsync(DiskBody body, long chunk, int count)
    {
        var job = new Job(body, chunk, count);
        if (!_health.MayRead)
            return Task.FromResult((DiskReadOutcome.Refused, Array.Empty<byte[]>()));
        try
        {
            if (_waiting.TryAdd(job))
                return job.Done.Task;
            _health.Refused();
        }
        catch (InvalidOperationException)
        {
            // The node stops.
        }
        return Task.FromResult((DiskReadOutcome.Refused, Array.Empty<byte[]>()));
    }

    public void Dispose() => _waiting.CompleteAdding();

    private void Run()
    {
        foreach (var job in _waiting.GetConsumingEnumerable())
        {
            var outcome = job.Body.Read(job.Chunk, job.Count, out var chunks);
            _health.Note(outcome);
            job.Done.TrySetResult((outcome, chunks));
        }
    }

    private sealed record Job(DiskBody Body, long Chunk, int Count)
    {
        public TaskCompletionSource<(DiskReadOutcome, byte[][])> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
