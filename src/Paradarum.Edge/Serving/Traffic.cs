using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Serving;

/// <summary>
/// How much was asked for, by property, since it was last told to the control plane. A request costs one look-up and three additions, and allocates nothing but the first of its
/// property; there are as many counters as properties that were ever asked for.
/// </summary>
internal sealed class Traffic
{
    private readonly ConcurrentDictionary<long, Counter> _counters = new();

    /// <summary>A visit is answered, or its visitor left.</summary>
    public void Count(HttpVisit visit)
    {
        var counter = _counters.GetOrAdd(visit.Property.Id, static _ => new Counter());
        Interlocked.Increment(ref counter.Requests);
        if (visit.FromStore)
            Interlocked.Increment(ref counter.Hits);
        if (visit.Sent > 0)
            Interlocked.Add(ref counter.Bytes, visit.Sent);
    }

    /// <summary>Adds what was counted since the last call; it is not told again.</summary>
    public void TakeInto(NodeFigures figures)
    {
        foreach (var (property, counter) in _counters)
        {
            var requests = Interlocked.Exchange(ref counter.Requests, 0);
            if (requests == 0)
                continue;
            figures.Traffic.Add(
                new PropertyTraffic
                {
                    PropertyId = property,
                    Requests = requests,
                    Hits = Interlocked.Exchange(ref counter.Hits, 0),
                    Bytes = Interlocked.Exchange(ref counter.Bytes, 0),
                }
            );
        }
    }

    /// <summary>Bytes of a body whose length was said; none where there was no body.</summary>
    public static long BodyOf(HttpContext context) =>
        HttpMethods.IsHead(context.Request.Method) || context.Response.StatusCode == StatusCodes.Status304NotModified
            ? 0
            : context.Response.ContentLength ?? 0;

    private sealed class Counter
    {
        public long Requests;
        public long Hits;
        public long Bytes;
    }
}
