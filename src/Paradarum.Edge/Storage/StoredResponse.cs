using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Edge.Storage;

/// <summary>
/// A complete response as the origin sent it, or a slice of one, with what decides its reuse worked out once. Immutable but for the eviction's and the fence's marks:
/// a 304 puts a new one in its place, with the same bytes and the same (earliest) stamp.
/// </summary>
internal class StoredResponse : StoredEntry
{
    /// <summary>Rough cost of the objects around the bytes, in bytes.</summary>
    private const int Overhead = 640;

    private readonly StoredFields _fields;
    private readonly PackedFreshness _freshness;
    private volatile object? _body; // see StoredBody
    private readonly ushort _status;
    private uint _usedAt;

    public StoredResponse(
        Stamped fetchedBy,
        int status,
        IHeaderDictionary headers,
        StoredBody body,
        StoredFreshness freshness,
        VaryKey vary
    )
        : base(fetchedBy)
    {
        Stamp = fetchedBy.Stamp;
        Generation = fetchedBy.Generation;
        RaiseCheckedAt(fetchedBy.CheckedAt);
        _status = (ushort)status;
        _fields = StoredFields.Of(headers);
        _body = body.Held;
        _freshness = new PackedFreshness(freshness);
        Vary = vary;
        _usedAt = vary.Names.IsEmpty ? 0 : Second(freshness.ResponseTime);
        HeadSize =
            Overhead
            + (
                2
                * (
                    Key.Target.PathAndQuery.Length
                    + headers.Sum(field => field.Key.Length + field.Value.Sum(value => value?.Length ?? 0))
                    + vary.Values.Sum(value => value?.Length ?? 0)
                )
            );
    }

    /// <summary>100 to 999.</summary>
    public int Status => _status;

    /// <summary>Without hop-by-hop and internal fields, else as the origin sent them.</summary>
    public IHeaderDictionary Headers => _fields;

    /// <summary>Sets the fields of an answer, all but Age.</summary>
    public void WriteFieldsTo(IHeaderDictionary answer) => _fields.WriteTo(answer);

    /// <summary>In memory or on disk; which of them may change at any time, the bytes never do. Take it once for one answer.</summary>
    public StoredBody Body => new(_body);

    public StoredFreshness Freshness => _freshness.Unpacked;

    public VaryKey Vary { get; }

    /// <summary>Read from the headers, not kept: few responses have any.</summary>
    public override string[] Groups => Headers.TryGetValue(CacheGroups.Field, out var listed) ? CacheGroups.Of(listed) : [];

    /// <summary>When a request was last answered with it, in Unix seconds; kept where there may be several variants, else 0.</summary>
    public long UsedAt => _usedAt;

    /// <summary>Bytes of memory this counts for, the body included wherever it is, but in slices: those count for themselves.</summary>
    public override long Size => HeadSize + (Body is { Slices: null } body ? body.Length : 0);

    /// <summary>The same without the body.</summary>
    public int HeadSize { get; }

    /// <summary>How it stands with the disk; null on a node without one. Set before the entry is put into the index.</summary>
    internal DiskPlace? Disk { get; set; }

    /// <summary>The same bytes, elsewhere. Only <see cref="DiskBooks"/> calls it.</summary>
    internal void Hold(StoredBody body) => _body = body.Held;

    protected internal override void OnLeaving() => Disk?.Books.Leave(this);

    /// <summary>A hit among variants. Written at most once a second: hits from many threads do not fight for the line.</summary>
    public void Use(DateTimeOffset now)
    {
        if (Vary.Names.IsEmpty)
            return;
        var second = Second(now);
        if (_usedAt != second)
            _usedAt = second;
    }

    private static uint Second(DateTimeOffset now) => (uint)now.ToUnixTimeSeconds();

    /// <summary>Place and popularity; only <see cref="EvictionQueue"/> touches them.</summary>
    internal EvictionMark Eviction;
}
