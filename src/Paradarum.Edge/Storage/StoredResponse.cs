using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Storage;

/// <summary>
/// A complete response as the origin sent it, with what decides its reuse worked out once. Immutable but for the eviction's and the fence's marks:
/// a 304 puts a new one in its place, with the same bytes and the same (earliest) stamp.
/// </summary>
internal sealed class StoredResponse : StoredEntry
{
    /// <summary>Rough cost of the objects around the bytes, in bytes.</summary>
    private const int Overhead = 1024;

    public StoredResponse(
        Stamped fetchedBy,
        int status,
        IHeaderDictionary headers,
        StoredBody body,
        StoredFreshness freshness,
        VaryKey vary
    )
        : base(fetchedBy.PropertyId, fetchedBy.Key, fetchedBy.Fetched)
    {
        Stamp = fetchedBy.Stamp;
        Generation = fetchedBy.Generation;
        RaiseCheckedAt(fetchedBy.CheckedAt);
        Status = status;
        Headers = headers;
        Body = body;
        Freshness = freshness;
        Vary = vary;
        Answer = [.. headers.Where(field => !field.Key.Equals("Age", StringComparison.OrdinalIgnoreCase))];
        Size =
            body.Allocated + Overhead + headers.Sum(field => (long)(field.Key.Length + field.Value.Sum(value => value?.Length ?? 0)) * 2);
    }

    public int Status { get; }

    /// <summary>Without hop-by-hop and internal fields, else as the origin sent them.</summary>
    public IHeaderDictionary Headers { get; }

    /// <summary>The same without Age, ready to be written.</summary>
    public KeyValuePair<string, StringValues>[] Answer { get; }

    public StoredBody Body { get; }

    public StoredFreshness Freshness { get; }

    public VaryKey Vary { get; }

    /// <summary>Read from the headers, not kept: few responses have any.</summary>
    public override string[] Groups => Headers.TryGetValue(CacheGroups.Field, out var listed) ? CacheGroups.Of(listed) : [];

    /// <summary>Bytes of memory this counts for.</summary>
    public override long Size { get; }

    /// <summary>Where eviction holds it, from <see cref="ResponseStore.Put"/> on.</summary>
    internal EvictionQueue? HeldBy { get; set; }

    protected internal override void OnRemoved() => HeldBy?.Remove(this);

    /// <summary>Place and popularity; only <see cref="EvictionQueue"/> touches them.</summary>
    internal EvictionMark Eviction { get; } = new();
}
