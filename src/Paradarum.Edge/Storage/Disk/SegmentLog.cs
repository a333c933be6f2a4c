using System.Buffers;
using System.Buffers.Binary;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>
/// The segments of a store, oldest first, and the one that is written to. For the tier's one writer. What a failed write of an index left is written over by the same bytes; the place of a body that
/// failed is not used again, since what the medium has of it would pass for part of the next one.
/// </summary>
internal sealed class SegmentLog(IDiskFiles files, DiskReaders readers, long segmentBytes)
{
    private readonly List<Segment> _segments = [];
    private readonly ArrayBufferWriter<byte> _record = new();
    private readonly byte[] _chunk = new byte[DiskFormat.ChunkBytes + DiskFormat.ChecksumBytes];
    private Segment? _current;
    private bool _folderChanged;

    /// <summary>Names this life of the store in every file; a drop begins another.</summary>
    public ulong Store { get; private set; }

    public long NextSegment { get; private set; } = 1;

    public IReadOnlyList<Segment> Segments => _segments;

    /// <summary>Bytes of all files.</summary>
    public long Bytes => _segments.Sum(segment => segment.Bytes);

    public void Begin(ulong store, long nextSegment) => (Store, NextSegment) = (store, Math.Max(NextSegment, nextSegment));

    /// <summary>Takes in a segment that a former process left, which is older than all that were taken in before; nothing but removals is added to it.</summary>
    public Segment Adopt(long id, IDiskFile body, IDiskFile index, long indexLength)
    {
        // What it has may be in the system's memory alone, or lie behind an end that was just cut off: nothing rests on it before it is flushed.
        var segment = new Segment(id, body, index)
        {
            BodyLength = body.Length,
            IndexWritten = indexLength,
            NeedsSync = true,
        };
        _segments.Insert(0, segment);
        NextSegment = Math.Max(NextSegment, id + 1);
        return segment;
    }

    /// <summary>Writes an entry: its body, and its head behind those that wait to be written.</summary>
    public DiskBody Write(StoredResponse entry, StoredBody bytes)
    {
        var segment = Room(DiskFormat.OnDisk(bytes.Length));
        var offset = segment.BodyLength;
        for (var position = 0L; position < bytes.Length; )
        {
            var length = FillChunk(bytes, position);
            var at = offset + DiskFormat.ChunkAt(position / DiskFormat.ChunkBytes);
            var content = _chunk.AsSpan(DiskFormat.ChecksumBytes, length);
            BinaryPrimitives.WriteUInt64LittleEndian(_chunk, DiskFormat.Checksum(content, segment.Id, at));
            // Used from here on, whether or not this comes out.
            segment.BodyLength = at + DiskFormat.ChecksumBytes + length;
            segment.Body.Write(_chunk.AsSpan(0, DiskFormat.ChecksumBytes + length), at);
            position += length;
        }
        return WriteHead(entry, new DiskBody(readers, segment, offset, head: -1, bytes.Length));
    }

    /// <summary>Another head for bytes that lie in a segment already, in that segment's index: they go together.</summary>
    public DiskBody WriteHead(StoredResponse entry, DiskBody body)
    {
        var segment = body.Segment;
        _record.ResetWrittenCount();
        HeadRecord.Write(_record, entry, body.Offset, body.Length);
        var head = segment.IndexLength;
        IndexJournal.Append(segment.Pending, segment.Id, head, IndexRecordKind.Head, _record.WrittenSpan);
        segment.Add(_record.WrittenCount);
        return body.Under(head, _record.WrittenCount);
    }

    /// <summary>Notes that an entry is gone. Nothing of it is read after a start, once that is flushed.</summary>
    public void Remove(DiskBody body)
    {
        if (body.Segment.IsGone || !body.TryRemove())
            return;
        Span<byte> record = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(record, body.Head);
        IndexJournal.Append(body.Segment.Pending, body.Segment.Id, body.Segment.IndexLength, IndexRecordKind.Removed, record);
        body.Segment.Take(body.HeadBytes);
    }

    /// <summary>Hands what waits to the system: a kill of the process no longer loses it.</summary>
    public void Flush()
    {
        foreach (var segment in _segments)
        {
            if (segment.Pending.WrittenCount == 0)
                continue;
            segment.Index.Write(segment.Pending.WrittenSpan, segment.IndexWritten);
            segment.IndexWritten += segment.Pending.WrittenCount;
            segment.Pending.ResetWrittenCount();
            segment.NeedsSync = true;
        }
    }

    /// <summary>Makes what was flushed of the indexes survive a power cut. Bodies are not waited for: a checksum tells what did not arrive.</summary>
    public void Sync()
    {
        foreach (var segment in _segments)
        {
            if (!segment.NeedsSync)
                continue;
            segment.Index.Sync();
            segment.NeedsSync = false;
        }
        if (!_folderChanged)
            return;
        files.SyncFolder();
        _folderChanged = false;
    }

    /// <summary>Nothing more goes into the segment that is being written.</summary>
    public void Seal() => _current = null;

    /// <summary>Deletes a segment's files. Who reads a body of it reads on: the system keeps the bytes until the file is closed.</summary>
    public void Delete(Segment segment)
    {
        if (ReferenceEquals(segment, _current))
            Seal();
        segment.IsGone = true;
        _segments.Remove(segment);
        // The index first: a body without one is nobody's, and goes at the next start.
        files.Delete(DiskFormat.IndexName(segment.Id));
        files.Delete(DiskFormat.BodyName(segment.Id));
        segment.Index.Dispose();
        _folderChanged = true;
    }

    /// <summary>Forgets everything: first what makes the rest valid, durably, then the rest. May be called again when it failed.</summary>
    public void Drop(ulong nextStore)
    {
        files.Delete(DiskFormat.StateFile);
        files.SyncFolder();
        Seal();
        foreach (var segment in _segments.ToArray())
            Delete(segment);
        foreach (var name in files.List())
            files.Delete(name);
        Store = nextStore;
    }

    public void Close()
    {
        foreach (var segment in _segments)
            segment.Close();
    }

    private int FillChunk(StoredBody bytes, long position)
    {
        var filled = 0;
        while (filled < DiskFormat.ChunkBytes && position + filled < bytes.Length)
        {
            var piece = bytes.At(position + filled, DiskFormat.ChunkBytes - filled);
            piece.Span.CopyTo(_chunk.AsSpan(DiskFormat.ChecksumBytes + filled));
            filled += piece.Length;
        }
        return filled;
    }

    private Segment Room(long bytes)
    {
        if (_current is { } open && (open.Bytes == DiskFormat.IndexHeaderBytes || open.Bytes + bytes <= segmentBytes))
            return open;
        var id = NextSegment;
        // The body first: an index without one would name bytes that are nowhere.
        var body = files.Open(DiskFormat.BodyName(id), create: true);
        NextSegment++;
        IDiskFile? index = null;
        try
        {
            index = files.Open(DiskFormat.IndexName(id), create: true);
            index.Write(IndexJournal.Header(Store, id), 0);
        }
        catch
        {
            body.Dispose();
            index?.Dispose();
            throw;
        }
        _folderChanged = true;
        _current = new Segment(id, body, index) { IndexWritten = DiskFormat.IndexHeaderBytes, NeedsSync = true };
        _segments.Add(_current);
        return _current;
    }
}
