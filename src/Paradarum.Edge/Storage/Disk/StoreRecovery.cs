using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>Finds out at a start what of a folder is this node's store, and reads it segment by segment. What does not read is dropped, never guessed at.</summary>
internal sealed class StoreRecovery(IDiskFiles files, string nodeId, ILogger log)
{
    /// <summary>The state that a former process left; null when there is none that counts: then everything in the folder is deleted.</summary>
    public StoreState? Open(SegmentLog segments)
    {
        var (state, fault) = StoreState.Read(files.Read(DiskFormat.StateFile), nodeId);
        if (state is not null)
        {
            // Beyond what lies there, loaded or not: no name is used twice.
            var newest = files.List().Select(DiskFormat.SegmentOf).Max() ?? 0;
            segments.Begin(state.Store, Math.Max(state.NextSegment, newest + 1));
            return state;
        }
        if (fault != StoreFault.Missing)
            log.StoreDropped(fault);
        segments.Drop(NewStore());
        return null;
    }

    public static ulong NewStore() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>
    /// The segments that count, newest first, each with the entries that are not removed. One whose index is shorter than the state says, or does not read up to there, is dropped whole: removals
    /// may be missing from it. Behind that, an index ends where it does not read.
    /// </summary>
    public IEnumerable<(Segment Segment, IReadOnlyList<(long Head, ReadHead Entry, int HeadBytes)> Entries)> Load(
        StoreState state,
        SegmentLog segments
    )
    {
        var durable = state.Segments.ToDictionary(segment => segment.Id, segment => segment.IndexLength);
        var found = files.List().Select(DiskFormat.SegmentOf).OfType<long>().Distinct().ToHashSet();
        var texts = new SharedTexts();
        foreach (var id in found.OrderDescending())
        {
            var loaded =
                durable.TryGetValue(id, out var length) || id >= state.NextSegment ? Load(id, length, state.Store, segments, texts) : null;
            if (loaded is { } segment)
                yield return segment;
            else
                Delete(id);
        }
    }

    private (Segment, IReadOnlyList<(long, ReadHead, int)>)? Load(
        long id,
        long durable,
        ulong store,
        SegmentLog segments,
        SharedTexts texts
    )
    {
        try
        {
            var bytes = files.Read(DiskFormat.IndexName(id));
            if (bytes is null || !IndexJournal.IsHeader(bytes, store, id))
                return null;
            var entries = Entries(bytes, id, texts, out var end);
            if (end < durable)
            {
                log.SegmentDropped(id, end, durable);
                return null;
            }
            var (body, index) = (files.Open(DiskFormat.BodyName(id), create: false), files.Open(DiskFormat.IndexName(id), create: false));
            if (index.Length > end)
                index.Truncate(end);
            return (segments.Adopt(id, body, index, end), entries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RecordException)
        {
            log.SegmentUnreadable(id, e);
            return null;
        }
    }

    private static List<(long, ReadHead, int)> Entries(ReadOnlySpan<byte> bytes, long id, SharedTexts texts, out int end)
    {
        // Which heads stay is known at the end: only those are worth reading.
        var heads = new Dictionary<long, (int Start, int Length)>();
        end = DiskFormat.IndexHeaderBytes;
        while (IndexJournal.TryRead(bytes, id, end, out var kind, out var body, out var next))
        {
            if (kind == IndexRecordKind.Head)
                heads.Add(end, (next - body.Length, body.Length));
            else if (kind == IndexRecordKind.Removed)
                heads.Remove(new RecordReader(body).Number());
            else
                throw new RecordException("its kind is of a later version");
            end = next;
        }
        var entries = new List<(long, ReadHead, int)>(heads.Count);
        // Newest first, as the segments are.
        foreach (var (head, (start, length)) in heads.OrderByDescending(head => head.Key))
            entries.Add((head, HeadRecord.Read(bytes.Slice(start, length), texts), length));
        return entries;
    }

    private void Delete(long id)
    {
        try
        {
            files.Delete(DiskFormat.IndexName(id));
            files.Delete(DiskFormat.BodyName(id));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.SegmentUnreadable(id, e);
        }
    }
}
