using System.Buffers;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>
/// Two files: bodies one after another, and the index that names them. Bodies are never changed; the index only grows. Written by the tier's one writer; its body file is read
/// by anyone, even after the files were deleted, until nobody holds the segment any more.
/// </summary>
internal sealed class Segment(long id, IDiskFile body, IDiskFile index)
{
    private long _live;
    private long _liveHeadBytes;
    private volatile bool _isGone;

    public long Id { get; } = id;

    public IDiskFile Body { get; } = body;

    public IDiskFile Index { get; } = index;

    /// <summary>Where the next body goes.</summary>
    public long BodyLength { get; set; }

    /// <summary>Bytes of the index that are in its file.</summary>
    public long IndexWritten { get; set; }

    /// <summary>Records that are still to be written to the index.</summary>
    public ArrayBufferWriter<byte> Pending { get; } = new();

    /// <summary>The index was written to since it was last flushed to the medium.</summary>
    public bool NeedsSync { get; set; }

    public long Bytes => BodyLength + IndexLength;

    /// <summary>Where the next record goes.</summary>
    public long IndexLength => IndexWritten + Pending.WrittenCount;

    /// <summary>Its files are deleted: nothing is written to it any more.</summary>
    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }

    /// <summary>Entries whose heads are in its index and which are not gone.</summary>
    public long Live => Volatile.Read(ref _live);

    /// <summary>Bytes of those heads in the index.</summary>
    public long LiveHeadBytes => Volatile.Read(ref _liveHeadBytes);

    public void Add(int headBytes)
    {
        Interlocked.Increment(ref _live);
        Interlocked.Add(ref _liveHeadBytes, headBytes);
    }

    public void Take(int headBytes)
    {
        Interlocked.Decrement(ref _live);
        Interlocked.Add(ref _liveHeadBytes, -headBytes);
    }

    public void Close()
    {
        Body.Dispose();
        Index.Dispose();
    }
}
