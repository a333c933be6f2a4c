using System.Buffers;
using System.Buffers.Binary;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>What one record of a segment's index says.</summary>
internal enum IndexRecordKind : byte
{
    /// <summary>An entry: its head, and where its body lies in the segment.</summary>
    Head = 1,

    /// <summary>The entry whose head begins at an offset is gone, for whatever reason.</summary>
    Removed = 2,
}

/// <summary>
/// The index of one segment as bytes: a header, then records one after another, each with its length and a checksum. Without I/O. A record that does not read ends it:
/// what follows is as if it had not been written.
/// </summary>
internal static class IndexJournal
{
    public static byte[] Header(ulong store, long segment)
    {
        var bytes = new byte[DiskFormat.IndexHeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, DiskFormat.IndexMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), DiskFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), DiskFormat.OldestReader);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), store);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), segment);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), DiskFormat.Checksum(bytes.AsSpan(0, 24), segment, 0));
        return bytes;
    }

    /// <summary>Whether an index belongs to this store and this segment, and is of a version that this program reads.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> bytes, ulong store, long segment) =>
        bytes.Length >= DiskFormat.IndexHeaderBytes
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == DiskFormat.IndexMagic
        && BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) <= DiskFormat.Version
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == store
        && BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) == segment
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) == DiskFormat.Checksum(bytes[..24], segment, 0);

    /// <summary>Appends a record.</summary>
    /// <param name="to">What is to be written at the end of the index.</param>
    /// <param name="segment">Whose index it is.</param>
    /// <param name="offset">Where the record will begin in the file.</param>
    /// <param name="kind">What it says.</param>
    /// <param name="body">The rest of it.</param>
    public static void Append(IBufferWriter<byte> to, long segment, long offset, IndexRecordKind kind, ReadOnlySpan<byte> body)
    {
        var record = to.GetSpan(DiskFormat.FrameBytes + 1 + body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record, body.Length + 1);
        var content = record.Slice(DiskFormat.FrameBytes, body.Length + 1);
        content[0] = (byte)kind;
        body.CopyTo(content[1..]);
        BinaryPrimitives.WriteUInt64LittleEndian(record[4..], DiskFormat.Checksum(content, segment, offset));
        to.Advance(DiskFormat.FrameBytes + content.Length);
    }

    /// <summary>The record at an offset; false when there is none that reads.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> index,
        long segment,
        int offset,
        out IndexRecordKind kind,
        out ReadOnlySpan<byte> body,
        out int next
    )
    {
        kind = default;
        body = default;
        next = offset;
        if (index.Length - offset < DiskFormat.FrameBytes)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(index[offset..]);
        if (length is < 1 or > DiskFormat.LongestRecord || length > index.Length - offset - DiskFormat.FrameBytes)
            return false;
        var content = index.Slice(offset + DiskFormat.FrameBytes, length);
        if (BinaryPrimitives.ReadUInt64LittleEndian(index[(offset + 4)..]) != DiskFormat.Checksum(content, segment, offset))
            return false;
        kind = (IndexRecordKind)content[0];
        body = content[1..];
        next = offset + DiskFormat.FrameBytes + length;
        return true;
    }
}
