using Paradarum.Bench.Load;

namespace Paradarum.Bench.Hits;

/// <summary>One cache under load: where it listens, what it is asked as, and which processes its work is done in.</summary>
internal sealed class CacheServer(string name, int port, string host, Func<IReadOnlyList<int>> processes, IAsyncDisposable running)
    : IAsyncDisposable
{
    /// <summary>The site that the caches of <c>hits</c> have.</summary>
    public const string Site = "bench.cdn.localhost";

    public string Name => name;

    public int Port => port;

    /// <summary>Where it speaks HTTP/2 over TLS; 0: nowhere.</summary>
    public int TlsPort { get; init; }

    public string Host => host;

    /// <summary>User and system time of its processes so far.</summary>
    public TimeSpan ProcessorTime() => processes().Aggregate(TimeSpan.Zero, (sum, process) => sum + ProcessFacts.ProcessorTime(process));

    public long Resident() => processes().Sum(ProcessFacts.Resident);

    public ValueTask DisposeAsync() => running.DisposeAsync();
}
