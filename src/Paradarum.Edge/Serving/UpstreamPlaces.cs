using System.Collections.Concurrent;

namespace Paradarum.Edge.Serving;

/// <summary>
/// How many requests a property has at one upstream at once, and how many wait for that: beyond both, a request is refused at once. Per property, since all properties
/// of a PoP share its shields: a slow origin of one must not keep the others from theirs (G7).
/// </summary>
internal sealed class UpstreamPlaces(EdgeOptions options, TimeProvider time)
{
    // As many as there are properties times upstreams, a hundred bytes each; they stay.
    private readonly ConcurrentDictionary<(long Property, string Upstream), Counter> _counters = new();

    /// <summary>Waits for a place for at most the time that an upstream has for its head. Null: the queue was full, or that time was over.</summary>
    /// <exception cref="OperationCanceledException">It was not wanted any more.</exception>
    public ValueTask<Place?> TakeAsync(long propertyId, Upstream upstream, CancellationToken stop)
    {
        var counter = _counters.GetOrAdd((propertyId, upstream.Base), _ => new Counter(options.ConnectionsPerUpstream));
        if (counter.Free.Wait(0, CancellationToken.None))
            return new(new Place(counter.Free));
        return WaitAsync(counter, upstream.IsShield ? options.ShieldHeadAfter : options.OriginHeadAfter, stop);
    }

    /// <summary>Requests of a property that wait for one upstream.</summary>
    public int Waiting(long propertyId, string upstream) =>
        _counters.TryGetValue((propertyId, upstream), out var counter) ? Volatile.Read(ref counter.Waiting) : 0;

    private async ValueTask<Place?> WaitAsync(Counter counter, TimeSpan patience, CancellationToken stop)
    {
        try
        {
            if (Interlocked.Increment(ref counter.Waiting) > options.QueuePerUpstream)
                return null;
            using var late = new CancellationTokenSource(patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
            await counter.Free.WaitAsync(either.Token);
            return new Place(counter.Free);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref counter.Waiting);
        }
    }

    private sealed class Counter(int places)
    {
        public int Waiting;

        public SemaphoreSlim Free { get; } = new(places);
    }

    /// <summary>To be given back when the exchange is over, body included.</summary>
    internal sealed class Place(SemaphoreSlim free) : IDisposable
    {
        private SemaphoreSlim? _free = free;

        public void Dispose() => Interlocked.Exchange(ref _free, null)?.Release();
    }
}
