namespace Paradarum.Edge.Storage.Disk;

/// <summary>
/// A body that lies on disk. Read in chunks, each checked before a byte of it is given out: what is torn, or is not what was written there, is never seen. Immutable.
/// </summary>
/// <param name="readers">Who reads it.</param>
/// <param name="segment">Where it is.</param>
/// <param name="offset">Where it begins in the segment's body file.</param>
/// <param name="head">Where its head begins in the segment's index; negative when there is none, and it is lost with the process.</param>
/// <param name="length">Of the body, in bytes.</param>
internal sealed class DiskBody(DiskReaders readers, Segment segment, long offset, long head, long length)
{
    private Task<StoredBody?>? _loading;
    private int _removed;

    public Segment Segment => segment;

    public long Offset => offset;

    public long Head => head;

    /// <summary>Bytes of the head.</summary>
    public int HeadBytes { get; init; }

    public long Length => length;

    /// <summary>The same bytes under another head.</summary>
    public DiskBody Under(long otherHead, int headBytes) => new(readers, segment, offset, otherHead, length) { HeadBytes = headBytes };

    /// <summary>True once: whoever takes it out writes so.</summary>
    public bool TryRemove() => Interlocked.Exchange(ref _removed, 1) == 0;

    /// <inheritdoc cref="StoredBody.ReadAsync"/>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long position, long most, CancellationToken stop)
    {
        var chunk = position / DiskFormat.ChunkBytes;
        var (outcome, bytes) = await readers.ReadAsync(this, chunk, 1).WaitAsync(stop);
        if (outcome != DiskReadOutcome.Read)
            throw new BodyBrokenException();
        var from = (int)(position - (chunk * DiskFormat.ChunkBytes));
        return bytes[0].AsMemory(from, (int)Math.Min(bytes[0].Length - from, most));
    }

    /// <summary>All of it in memory; null when it can't be had. Those who ask at the same time share one reading.</summary>
    public Task<StoredBody?> LoadAsync()
    {
        if (Volatile.Read(ref _loading) is { } under)
            return under;
        var made = new TaskCompletionSource<StoredBody?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _loading, made.Task, null) is { } other)
            return other;
        _ = FillAsync(made);
        return made.Task;
    }

    /// <summary>The chunks from one on, read and checked; for whoever may wait for the disk.</summary>
    public DiskReadOutcome Read(long chunk, int count, out byte[][] chunks)
    {
        chunks = new byte[count][];
        var first = DiskFormat.ChunkAt(chunk);
        var most = (int)Math.Min(DiskFormat.ChunkAt(chunk + count), DiskFormat.OnDisk(length)) - (int)first;
        var raw = GC.AllocateUninitializedArray<byte>(most);
        try
        {
            if (segment.Body.Read(raw, offset + first) != raw.Length)
                return DiskReadOutcome.Torn;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            return DiskReadOutcome.Failed;
        }
        for (var i = 0; i < count; i++)
        {
            var at = (int)(DiskFormat.ChunkAt(chunk + i) - first);
            var held = raw.AsSpan(at, Math.Min(DiskFormat.ChunkBytes + DiskFormat.ChecksumBytes, raw.Length - at));
            var bytes = held[DiskFormat.ChecksumBytes..];
            if (BitConverter.ToUInt64(held) != DiskFormat.Checksum(bytes, segment.Id, offset + first + at))
                return DiskReadOutcome.Torn;
            chunks[i] = bytes.ToArray();
        }
        return DiskReadOutcome.Read;
    }

    private async Task FillAsync(TaskCompletionSource<StoredBody?> made)
    {
        var (outcome, chunks) = await readers.ReadAsync(this, 0, (int)DiskFormat.ChunksOf(length));
        // Whoever comes next reads again: the bytes may have been let go by then, or the disk be well again.
        Volatile.Write(ref _loading, null);
        made.TrySetResult(outcome == DiskReadOutcome.Read ? new StoredBody(chunks, DiskFormat.ChunkBytes, length) : null);
    }
}

/// <summary>How a reading came out.</summary>
internal enum DiskReadOutcome
{
    Read,

    /// <summary>The bytes are not those that were written, or are not there.</summary>
    Torn,

    /// <summary>The disk gave an error.</summary>
    Failed,

    /// <summary>Too many readings wait already, or the disk rests after faults.</summary>
    Refused,
}
