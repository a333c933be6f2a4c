using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Edge.Storage;

/// <summary>
/// The bytes of a complete response or of a slice. Plain arrays below the large-object threshold, not rented ones: a body may be evicted while visitors still read it, and a returned
/// array would show them another body's bytes. One of a single array costs no object beside it: most are, and there are many.
/// </summary>
/// <param name="held">Null: nothing; the only array; several of them (<see cref="Segments"/>); what its slices are found by; or where it lies on disk.</param>
internal readonly struct StoredBody(object? held) : IBodySource
{
    public static readonly StoredBody Empty;

    /// <param name="segments">In order, each of <paramref name="segmentSize"/> but the last. Not to be written to afterwards.</param>
    /// <param name="segmentSize">In bytes.</param>
    /// <param name="length">Of the body, in bytes.</param>
    public StoredBody(byte[][] segments, int segmentSize, long length)
        : this(
            segments switch
            {
                [] => null,
                [var only] when only.Length == length => only,
                _ => new Segments(segments, segmentSize, length),
            }
        ) { }

    /// <summary>What makes it, for whoever keeps many of them.</summary>
    public object? Held => held;

    public long Length =>
        held switch
        {
            null => 0,
            byte[] only => only.Length,
            Segments several => several.Length,
            DiskBody onDisk => onDisk.Length,
            _ => ((SlicedBody)held).Length,
        };

    /// <summary>What its slices are found by, for a body that is not here but in slices; null: the bytes are here.</summary>
    public SlicedBody? Slices => held as SlicedBody;

    /// <summary>Where it lies; null: it is in memory. Then it is read by <see cref="ReadAsync"/> alone.</summary>
    public DiskBody? OnDisk => held as DiskBody;

    public bool IsInMemory => held is not DiskBody;

    /// <summary>A body that is kept in slices: it holds no bytes itself.</summary>
    public static StoredBody InSlices(SlicedBody body) => new(body);

    /// <summary>Whether it is the other one, not one with the same bytes.</summary>
    public bool Is(StoredBody other) => ReferenceEquals(held, other.Held);

    /// <summary>The bytes from a position to the end of its segment, at most <paramref name="most"/> of them.</summary>
    /// <exception cref="InvalidCastException">They are not in memory.</exception>
    public ReadOnlyMemory<byte> At(long position, long most)
    {
        if (held is byte[] only)
            return only.AsMemory((int)position, (int)Math.Min(only.Length - position, most));
        var several = (Segments)held!;
        var (index, offset) = Math.DivRem(position, several.Size);
        var segment = several.All[(int)index];
        var here = Math.Min(several.Size, several.Length - (index * several.Size));
        return segment.AsMemory((int)offset, (int)Math.Min(here - offset, most));
    }

    /// <summary>The bytes from a position on: at least one and at most <paramref name="most"/>, which is above 0 and within the body.</summary>
    /// <exception cref="BodyBrokenException">They can't be had: what was sent so far must not look whole.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(long position, long most, CancellationToken stop) =>
        held is DiskBody onDisk ? onDisk.ReadAsync(position, most, stop) : new(At(position, most));

    private sealed record Segments(byte[][] All, int Size, long Length);
}
