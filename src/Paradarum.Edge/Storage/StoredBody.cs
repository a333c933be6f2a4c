namespace Paradarum.Edge.Storage;

/// <summary>
/// The bytes of a complete response, in segments of one size (the last one shorter). Plain arrays below the large-object threshold, not
/// rented ones: a body may be evicted while visitors still read it, and a returned array would show them another body's bytes.
/// </summary>
internal sealed class StoredBody(IReadOnlyList<byte[]> segments, int segmentSize, long length)
{
    public static readonly StoredBody Empty = new([], 1, 0);

    public long Length { get; } = length;

    /// <summary>Bytes of memory held.</summary>
    public long Allocated { get; } = segments.Sum(segment => (long)segment.Length);

    /// <summary>The bytes from a position to the end of its segment, at most <paramref name="most"/> of them.</summary>
    public ReadOnlyMemory<byte> At(long position, long most)
    {
        var (index, offset) = Math.DivRem(position, segmentSize);
        var segment = segments[(int)index];
        var held = Math.Min(segmentSize, Length - (index * segmentSize));
        return segment.AsMemory((int)offset, (int)Math.Min(held - offset, most));
    }
}
