using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>Why what lies in the folder is not this node's store.</summary>
internal enum StoreFault
{
    None,

    /// <summary>No state file: a new folder, or a drop that was under way.</summary>
    Missing,

    /// <summary>Its bytes are not those that were written.</summary>
    Torn,

    /// <summary>Written by a later version that this one can't read.</summary>
    LaterVersion,

    /// <summary>Another node's folder, or a copy of it.</summary>
    OtherNode,

    /// <summary>Keys were made by another canonical form: they would not be found, or by the wrong requests.</summary>
    OtherCanonicalForm,
}

/// <summary>
/// The durable cursor and what it rests on (design section 3): every rule up to <see cref="Cursor"/>'s position has been tested on all that the segments hold, and what it took is written as
/// removed in the bytes that are counted here. It holds the properties' configuration too, since a node that presents a position is sent only what comes after it.
/// </summary>
/// <param name="Store">Random, of one life of the store: a drop begins another.</param>
/// <param name="NextSegment">Segments from here on are newer than this state.</param>
/// <param name="Segments">Those older than it, with the bytes of their index that it rests on.</param>
/// <param name="Cursor">Epoch, position, hash and properties, in the form in which the control plane would send them.</param>
internal sealed record StoreState(ulong Store, long NextSegment, IReadOnlyList<(long Id, long IndexLength)> Segments, SnapshotPart Cursor)
{
    private const int HeaderBytes = 4 + 2 + 2;

    public byte[] ToBytes(string nodeId)
    {
        var bytes = new ArrayBufferWriter<byte>();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.GetSpan(HeaderBytes), DiskFormat.StateMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.GetSpan(HeaderBytes)[4..], DiskFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.GetSpan(HeaderBytes)[6..], DiskFormat.OldestReader);
        bytes.Advance(HeaderBytes);
        var writer = new RecordWriter(bytes);
        writer.Text(nodeId);
        writer.Count(CanonicalTarget.FormVersion);
        writer.Number(Store);
        writer.Number(NextSegment);
        writer.Count(Segments.Count);
        foreach (var (id, length) in Segments)
        {
            writer.Number(id);
            writer.Number(length);
        }
        writer.Bytes(Cursor.ToByteArray());
        writer.Number(DiskFormat.Checksum(bytes.WrittenSpan, 0, 0));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Never throws: what does not read is a fault with a name.</summary>
    public static (StoreState? State, StoreFault Fault) Read(byte[]? bytes, string nodeId)
    {
        if (bytes is null)
            return (null, StoreFault.Missing);
        if (bytes.Length < HeaderBytes + 8 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != DiskFormat.StateMagic)
            return (null, StoreFault.Torn);
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(6)) > DiskFormat.Version)
            return (null, StoreFault.LaterVersion);
        var content = bytes.AsSpan(0, bytes.Length - DiskFormat.ChecksumBytes);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(content.Length)) != DiskFormat.Checksum(content, 0, 0))
            return (null, StoreFault.Torn);
        try
        {
            var reader = new RecordReader(content[HeaderBytes..]);
            if (!string.Equals(reader.Text(), nodeId, StringComparison.Ordinal))
                return (null, StoreFault.OtherNode);
            if (reader.Count32() != CanonicalTarget.FormVersion)
                return (null, StoreFault.OtherCanonicalForm);
            var (store, next) = (reader.Unsigned(), reader.Number());
            var segments = new (long, long)[reader.Count()];
            for (var i = 0; i < segments.Length; i++)
                segments[i] = (reader.Number(), reader.Number());
            return (new StoreState(store, next, segments, SnapshotPart.Parser.ParseFrom(reader.Bytes())), StoreFault.None);
        }
        catch (Exception e) when (e is RecordException or InvalidProtocolBufferException)
        {
            return (null, StoreFault.Torn);
        }
    }
}
