namespace Paradarum.Edge.Storage;

/// <summary>
/// The bytes of a complete response or of a slice, in segments of one size (the last one shorter). Plain arrays below the large-object threshold, not
/// rented ones: a body may be evicted while visitors still read it, and a returned array would show them another body's bytes.
/// </summary>
internal class StoredBody : IBodySource
{
    public static readonly StoredBody Empty = new([], 1, 0);

    private readonly object? _held; // byte[]: the only segment; Segments: all of them; SlicedBody: it is in slices. One field, since most bodies are small and there are many

    /// <param name="segments">In order, each of <paramref name="segmentSize"/> but the last. Not to be written to afterwards.</param>
    /// <param name="segmentSize">In bytes.</param>
    /// <param name="length">Of the body, in bytes.</param>
    public StoredBody(byte[][] segments, int segmentSize, long length)
    {
        Length = length;
        _held = segments switch
        {
            [] => null,
            [var only] => only,
            _ => new Segments(segments, segmentSize),
        };
    }

    private StoredBody(SlicedBody body) => (_held, Length) = (body, body.Length);

    public long Length { get; }

    /// <summary>What its slices are found by, for a body that is not here but in slices; null: the bytes are here.</summary>
    public SlicedBody? Slices => _held as SlicedBody;

    /// <summary>Bytes of memory held.</summary>
    public virtual long Allocated =>
        _held switch
        {
            byte[] only => only.Length,
            Segments several => several.All.Sum(segment => (long)segment.Length),
            _ => 0,
        };

    /// <summary>False when it lies on disk: then it is read by <see cref="ReadAsync"/> alone.</summary>
    public virtual bool IsInMemory => true;

    /// <summary>A body that is kept in slices: it holds no bytes itself.</summary>
    public static StoredBody InSlices(SlicedBody body) => new(body);

    /// <summary>The bytes from a position to the end of its segment, at most <paramref name="most"/> of them.</summary>
    public virtual ReadOnlyMemory<byte> At(long position, long most)
    {
        if (_held is byte[] only)
            return only.AsMemory((int)position, (int)Math.Min(Length - position, most));
        var several = (Segments)_held!;
        var (index, offset) = Math.DivRem(position, several.Size);
        var segment = several.All[(int)index];
        var held = Math.Min(several.Size, Length - (index * several.Size));
        return segment.AsMemory((int)offset, (int)Math.Min(held - offset, most));
    }

    /// <summary>The bytes from a position on: at least one and at most <paramref name="most"/>, which is above 0 and within the body.</summary>
    /// <exception cref="BodyBrokenException">They can't be had: what was sent so far must not look whole.</exception>
    public virtual ValueTask<ReadOnlyMemory<byte>> ReadAsync(long position, long most, CancellationToken stop) => new(At(position, most));

    private sealed record Segments(byte[][] All, int Size);
}
