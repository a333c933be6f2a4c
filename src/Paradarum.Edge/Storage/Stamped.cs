using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage;

/// <summary>
/// What the fence judges: a stored response or a fetch in flight, with the stamp of the snapshot it was fetched under (design section 3, The fence).
/// </summary>
internal abstract class Stamped(long propertyId)
{
    private ulong _stamp;
    private ulong _checkedAt;

    public long PropertyId { get; } = propertyId;

    public abstract CacheKey Key { get; }

    /// <summary>The target as it was sent upstream; the same text as the key's unless the query-string mode changed it.</summary>
    public abstract CanonicalTarget Fetched { get; }

    /// <summary>Position of the node's own snapshot when the fetch began; 0 until it is read, which is older than everything.</summary>
    public ulong Stamp
    {
        get => Volatile.Read(ref _stamp);
        protected set => Volatile.Write(ref _stamp, value);
    }

    /// <summary>The node's generation when the fetch began; another one is never stored, joined or served.</summary>
    public long Generation { get; protected set; }

    /// <summary>Position of the snapshot whose rules this was last tested against and survived; only rises.</summary>
    public ulong CheckedAt => Math.Max(Volatile.Read(ref _checkedAt), Volatile.Read(ref _stamp));

    public void RaiseCheckedAt(ulong position)
    {
        var seen = Volatile.Read(ref _checkedAt);
        while (seen < position)
        {
            var before = Interlocked.CompareExchange(ref _checkedAt, position, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
