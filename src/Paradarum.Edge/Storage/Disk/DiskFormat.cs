using System.Globalization;
using System.IO.Hashing;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>What is on a node's disk, in numbers. The layout is told in docs/formats/store.md; numbers are little-endian.</summary>
internal static class DiskFormat
{
    /// <summary>Of what this program writes.</summary>
    public const ushort Version = 1;

    /// <summary>A reader of this version or later can read what this program writes.</summary>
    public const ushort OldestReader = 1;

    public const string StateFile = "state";

    /// <summary>Begins the state file: "PDST" in ASCII.</summary>
    public const uint StateMagic = 0x5453_4450;

    /// <summary>Begins a segment's index: "PDIX" in ASCII.</summary>
    public const uint IndexMagic = 0x5849_4450;

    /// <summary>Bytes of a body that one checksum covers. Below the large-object threshold, checksum included.</summary>
    public const int ChunkBytes = 64 << 10;

    public const int ChecksumBytes = 8;

    /// <summary>Magic, version, oldest reader, store, segment, checksum.</summary>
    public const int IndexHeaderBytes = 4 + 2 + 2 + 8 + 8 + ChecksumBytes;

    /// <summary>Length and checksum before each record of an index.</summary>
    public const int FrameBytes = 4 + ChecksumBytes;

    /// <summary>Longest record of an index: what is longer is no record. Heads of responses are bounded far below it.</summary>
    public const int LongestRecord = 4 << 20;

    public static string IndexName(long segment) => segment.ToString("x16", CultureInfo.InvariantCulture) + ".index";

    public static string BodyName(long segment) => segment.ToString("x16", CultureInfo.InvariantCulture) + ".body";

    /// <summary>The segment that a file belongs to; null when it is none of a segment's two.</summary>
    public static long? SegmentOf(string name) =>
        name.Length > 16
        && name[16..] is ".index" or ".body"
        && long.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var segment)
            ? segment
            : null;

    /// <summary>Bytes that a body takes on disk: itself, and a checksum for each chunk.</summary>
    public static long OnDisk(long length) => length + (ChunksOf(length) * ChecksumBytes);

    public static long ChunksOf(long length) => (length + ChunkBytes - 1) / ChunkBytes;

    /// <summary>Where a chunk's checksum begins, counted from the body's place.</summary>
    public static long ChunkAt(long chunk) => chunk * (ChunkBytes + ChecksumBytes);

    /// <summary>
    /// Seeded with where the bytes lie: what was left there by a former segment, or was written elsewhere by mistake, does not pass for what belongs there.
    /// </summary>
    public static ulong Checksum(ReadOnlySpan<byte> bytes, long segment, long offset) =>
        XxHash3.HashToUInt64(bytes, unchecked((segment * 0x1000_0003) ^ (offset << 20) ^ offset));
}
