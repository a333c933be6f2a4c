using Microsoft.Extensions.Logging;
using Paradarum.Edge.Purging;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>
/// Puts the entries that a former process left on disk into the index, while the node serves. Rules that come meanwhile retire only when it is over, so each entry is tested against them when it comes. For the
/// tier's writer.
/// </summary>
internal sealed class StoreLoader(
    StoreRecovery recovery,
    SegmentLog segments,
    DiskReaders readers,
    DiskBooks books,
    NodeState state,
    ILogger log
)
{
    private readonly List<(ReadHead Entry, DiskBody Body)> _ahead = [];
    private StoreState? _opened;

    /// <summary>The node stands at its durable cursor from here on. False when there is none: everything in the folder is deleted.</summary>
    public bool Open()
    {
        _opened = recovery.Open(segments);
        if (_opened is not { Cursor: { } cursor })
            return false;
        state.Index.BeginLoading(cursor.Position);
        state.Resume(cursor);
        log.StoreOpened(cursor.Position);
        return true;
    }

    /// <param name="isOff">The node stops, or drops its store: what is not in yet does not come.</param>
    /// <param name="time">To say how long it took.</param>
    public void Load(Func<bool> isOff, TimeProvider time)
    {
        if (_opened is not { } opened)
            return;
        var started = time.GetTimestamp();
        var (loaded, left) = (0L, 0L);
        foreach (var (segment, entries) in recovery.Load(opened, segments))
        {
            // All of them before the first: a stop in between leaves a segment that is not empty.
            foreach (var (_, _, headBytes) in entries)
                segment.Add(headBytes);
            foreach (var (head, entry, headBytes) in entries)
            {
                if (isOff())
                {
                    // Nobody waits for the rest: the loading does not end, so no cursor is written over what has not been tested.
                    _ahead.Clear();
                    return;
                }
                var body = new DiskBody(readers, segment, entry.Offset, head, entry.Length) { HeadBytes = headBytes };
                if (entry.Stamp > state.Current.Position)
                    _ahead.Add((entry, body));
                else if (Insert(entry, body, opened))
                    loaded++;
                else
                    left++;
            }
        }
        log.StoreLoaded(loaded, (long)time.GetElapsedTime(started).TotalMilliseconds, left);
        if (_ahead.Count == 0)
            End();
    }

    /// <summary>Entries that were fetched at positions that this process had not applied when they were loaded: what they were keyed by may have been what it did not know.</summary>
    public void InsertAhead()
    {
        if (_ahead.Count == 0 || _opened is not { } opened)
            return;
        var position = state.Current.Position;
        foreach (var (entry, body) in _ahead.Where(waiting => waiting.Entry.Stamp <= position))
            Insert(entry, body, opened);
        _ahead.RemoveAll(waiting => waiting.Entry.Stamp <= position);
        if (_ahead.Count == 0)
            End();
    }

    /// <summary>The store is dropped.</summary>
    public void Abandon()
    {
        if (_opened is null)
            return;
        _ahead.Clear();
        End();
    }

    private void End()
    {
        _opened = null;
        state.Index.EndLoading();
        state.SweepNeeded?.Invoke();
    }

    /// <summary>Puts one entry into the index, then tests it, like every other: a rule that comes in between finds it there. False: nothing of it is kept.</summary>
    private bool Insert(ReadHead head, DiskBody body, StoreState opened)
    {
        // Of a former life of the node within this process nothing is opened: its first generation is 0.
        var entry = head.ToEntry(body, opened.Cursor.Position, generation: 0);
        books.Open(entry, body);
        var isThere = !body.Segment.IsGone && head.Offset + DiskFormat.OnDisk(head.Length) <= body.Segment.BodyLength;
        if (!isThere || IsReplaced(entry) || !state.Index.Restore(entry))
        {
            books.Leave(entry);
            return false;
        }
        var verdict = Fence.Test(state.Current, entry);
        if (!verdict.MayBeUsed)
            state.Remove(entry, verdict);
        return verdict.MayBeUsed;
    }

    /// <summary>What was stored since the start, or lies in a newer segment, is newer.</summary>
    private bool IsReplaced(StoredResponse entry)
    {
        foreach (var held in state.Index.Find(entry.PropertyId, entry.Key) is { } resource ? resource.Variants : default)
        {
            if (((StoredResponse)held).Vary.Equals(entry.Vary))
                return true;
        }
        return false;
    }
}
