using System.Buffers;
using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Fuzz.Targets;

/// <summary>
/// <see cref="HeadRecord"/>, behind the checksum: another version or a fault of memory may have written anything. It does not read, and says so by its one exception; or it
/// is an entry whose lifetime can be told, and what is written of it reads the same.
/// </summary>
internal static class EntryTarget
{
    public static void Judge(byte[] input)
    {
        ReadHead head;
        try
        {
            head = HeadRecord.Read(input, new SharedTexts());
        }
        catch (RecordException)
        {
            return;
        }
        BrokenPromiseException.Unless(head.Offset >= 0 && head.Length >= 0, "The body's place is one.");
        // Nobody reads the body here, so it needs no disk.
        var entry = head.ToEntry(new DiskBody(null!, null!, head.Offset, 0, head.Length), testedThrough: 0, generation: 1);
        _ = entry.Freshness.TtlAt(DateTimeOffset.UnixEpoch);
        var written = new ArrayBufferWriter<byte>();
        HeadRecord.Write(written, entry, head.Offset, head.Length);
        var again = HeadRecord.Read(written.WrittenSpan, new SharedTexts());
        BrokenPromiseException.Unless(again.Key.Equals(head.Key) && again.Fetched.Equals(head.Fetched), "It stays under its key.");
        BrokenPromiseException.Unless(again.Vary.Equals(head.Vary), "It stays the answer to the same requests.");
        BrokenPromiseException.Unless(
            (again.PropertyId, again.Stamp, again.Status, again.Freshness)
                == (entry.PropertyId, entry.Stamp, entry.Status, entry.Freshness),
            "Whose it is, how new, and for how long stay the same."
        );
    }
}
