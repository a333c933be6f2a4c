namespace Paradarum.Edge.Storage;

/// <summary>
/// The bytes of a complete response or of a slice, in segments of one size (the last one shorter). Plain arrays below the large-object threshold, not
/// rented ones: a body may be evicted while visitors still read it, and a returned array would show them another body's bytes.
/// </summary>
internal class StoredBody(IReadOnlyList<byte[]> segments, int segmentSize, long length) : IBodySource
{
    public static readonly StoredBody Empty = new([], 1, 0);

    public long Length { get; } = length;

    /// <summary>What its slices are found by, for a body that is not here but in slices; null: the bytes are here.</summary>
    public SlicedBody? Slices { get; private init; }

    /// <summary>Bytes of memory held.</summary>
    public virtual long Allocated { get; } = segments.Sum(segment => (long)segment.Length);

    /// <summary>False when it lies on disk: then it is read by <see cref="ReadAsync"/> alone.</summary>
    public virtual bool IsInMemory => true;

    /// <summary>A body that is kept in slices: it holds no bytes itself.</summary>
    public static StoredBody InSlices(SlicedBody body) => new([], 1, body.Length) { Slices = body };

    /// <summary>The bytes from a position to the end of its segment, at most <paramref name="most"/> of them.</summary>
    public virtual ReadOnlyMemory<byte> At(long position, long most)
    {
        var (index, offset) = Math.DivRem(position, segmentSize);
        var segment = segments[(int)index];
        var held = Math.Min(segmentSize, Length - (index * segmentSize));
        return segment.AsMemory((int)offset, (int)Math.Min(held - offset, most));
    }

    /// <summary>The bytes from a position on: at least one and at most <paramref name="most"/>, which is above 0 and within the body.</summary>
    /// <exception cref="BodyBrokenException">They can't be had: what was sent so far must not look whole.</exception>
    public virtual ValueTask<ReadOnlyMemory<byte>> ReadAsync(long position, long most, CancellationToken stop) => new(At(position, most));
}
