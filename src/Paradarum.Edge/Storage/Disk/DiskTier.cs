using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>What the tier is made with.</summary>
/// <param name="Files">The folder.</param>
/// <param name="NodeId">Whose store it is.</param>
/// <param name="Bytes">All files together never take more, one segment being written included.</param>
/// <param name="HeadBytes">Memory for the heads of entries whose bytes are on disk alone; beyond it the oldest segments go.</param>
internal sealed record DiskOptions(IDiskFiles Files, string NodeId, long Bytes, long HeadBytes);

/// <summary>How much is on disk, and how the disk does.</summary>
internal sealed record DiskFigures(long Entries, long Bytes, long HeadBytes, DiskCondition Condition, DiskFaults Faults, ulong Durable)
{
    public Protocol.Link.DiskFigures ToMessage() =>
        new()
        {
            Bytes = Bytes,
            Condition = (int)Condition,
            Durable = Durable,
            Faults = Faults.All,
        };
}

/// <summary>
/// The second tier of the node's store: bodies in segments on disk, one index for both tiers in memory (docs/decisions/disk-tier.md). This is its one writer; it does its work in passes, each of
/// which may take as long as the disk likes: nobody waits for it.
/// </summary>
internal sealed class DiskTier : IDisposable
{
    /// <summary>Between two durable cursors, and at least this many times what the last one took.</summary>
    private static readonly TimeSpan CursorEvery = TimeSpan.FromMilliseconds(250);
    private const int CursorRests = 19;

    /// <summary>Bytes of bodies that one pass writes before it looks at the rest of its work.</summary>
    private const long BytesOfPass = 8 << 20;

    /// <summary>Bodies up to here are read whole and come back to memory; larger ones are streamed.</summary>
    public const long LoadedWhole = 1 << 20;

    /// <summary>A body takes at most this part of the disk.</summary>
    private const int LargestShare = 4;

    /// <summary>An index is begun anew when it is this many times what is left of it.</summary>
    private const int MostGrown = 4;

    private readonly DiskOptions _options;
    private readonly NodeState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly DiskReaders _readers;
    private readonly SegmentLog _segments;
    private readonly StoreLoader _loader;
    private readonly long _segmentBytes;
    private long _generation;
    private long _dropTo;
    private ulong _durable;
    private bool _isDurable;
    private long _cursorNotBefore = long.MinValue;
    private long _said;
    private long _saysNotBefore = long.MinValue;
    private volatile DiskFigures _figures = new(0, 0, 0, default, default, 0);

    public DiskTier(DiskOptions options, NodeState state, TimeProvider time, ILogger<DiskTier> log)
    {
        (_options, _state, _time, _log) = (options, state, time, log);
        _segmentBytes = Math.Clamp(options.Bytes / 32, 256 << 10, 256 << 20);
        Health = new DiskHealth(time);
        _readers = new DiskReaders(Health);
        Books = new DiskBooks(Health, options.Bytes / LargestShare, () => WorkNeeded?.Invoke());
        _segments = new SegmentLog(options.Files, _readers, _segmentBytes);
        _loader = new StoreLoader(new StoreRecovery(options.Files, options.NodeId, log), _segments, _readers, Books, state, log);
    }

    public DiskBooks Books { get; }

    public DiskHealth Health { get; }

    /// <summary>Called when a pass has something to do. Must not block.</summary>
    public Action? WorkNeeded { get; set; }

    public DiskFigures Figures => _figures with { Condition = Health.Condition, Faults = Health.Faults, HeadBytes = Books.HeadBytes };

    /// <summary>Until a durable cursor may be written; null when none is to be.</summary>
    public TimeSpan? CursorIn => IsNews(_state.Swept) ? Positive(_time.GetElapsedTime(_time.GetTimestamp(), _cursorNotBefore)) : null;

    /// <summary>Takes the store up where a former process left it: the node stands at its durable cursor. Before anything is applied or stored.</summary>
    public void Open()
    {
        _state.Dropping = generation =>
        {
            Volatile.Write(ref _dropTo, generation);
            WorkNeeded?.Invoke();
        };
        _state.SweptMore = () => WorkNeeded?.Invoke();
        _state.MoreFigures += figures => figures.Disk = Figures.ToMessage();
        try
        {
            _isDurable = _loader.Open();
            _durable = _isDurable ? _state.Current.Position : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The node starts without; what lies there is dropped before anything is written.
            _generation = -1;
            Rest(e);
        }
    }

    /// <summary>Puts what was found on disk into the index, while the node serves. Before the first pass. Never throws for the disk's sake.</summary>
    /// <returns>False: the folder cannot be read. It is to be tried again when writes may be.</returns>
    public bool Load(CancellationToken stop)
    {
        try
        {
            _loader.Load(() => stop.IsCancellationRequested || IsToDrop, _time);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Rest(e);
            return IsToDrop;
        }
    }

    /// <summary>One pass: what is gone, what is new, room, and the durable cursor where the sweeper has got further. Never throws for the disk's sake.</summary>
    /// <param name="isLast">The node stops: the cursor is not put off.</param>
    public void Work(bool isLast = false)
    {
        // Read before what is gone is taken over: all that the sweep took out is there by now.
        var swept = _state.Swept;
        try
        {
            DropWhenAsked();
            _loader.InsertAhead();
            while (Books.NextGone() is { } gone)
                _segments.Remove(gone);
            if (Health.MayWrite || isLast)
            {
                WriteQueued();
                DeleteWhatIsEmpty();
                MakeRoom(coming: 0);
                _segments.Flush();
                KeepCursor(swept, isLast);
                if (Health.Condition is DiskCondition.Full or DiskCondition.Failing && Health.MayRead)
                    _log.DiskIsBack();
                Health.Wrote();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What is half written is written again.
            Rest(e);
            GiveRoomBack(IsFull(e));
        }
        SayWhenSlow();
        _figures = new DiskFigures(_segments.Segments.Sum(segment => segment.Live), _segments.Bytes, 0, default, default, _durable);
    }

    /// <summary>Before an entry that lies on disk is answered from: its bytes, or, of a large one, proof that they come. Null: it counts as not stored.</summary>
    public async ValueTask<StoredBody?> ReadyAsync(DiskBody body, CancellationToken stop)
    {
        try
        {
            var reading = body.Length <= LoadedWhole ? body.LoadAsync() : FirstAsync(body);
            return await reading.WaitAsync(DiskPatience.ForFirstBytes, _time, stop);
        }
        catch (TimeoutException)
        {
            Health.Late();
            return null;
        }
    }

    public void Dispose()
    {
        _readers.Dispose();
        _segments.Close();
    }

    private bool IsToDrop => Volatile.Read(ref _dropTo) != _generation;

    private async Task<StoredBody?> FirstAsync(DiskBody body)
    {
        var (outcome, _) = await _readers.ReadAsync(body, 0, 1);
        return outcome == DiskReadOutcome.Read ? new StoredBody(body) : null;
    }

    private void DropWhenAsked()
    {
        var generation = Volatile.Read(ref _dropTo);
        if (generation == _generation)
            return;
        _segments.Drop(StoreRecovery.NewStore());
        (_generation, _isDurable, _durable) = (generation, false, 0);
        _loader.Abandon();
    }

    private void WriteQueued()
    {
        for (var written = 0L; written < BytesOfPass && Books.Next() is { } next; written += next.Bytes.Length)
        {
            try
            {
                if (next.Entry.Generation != _generation)
                    DropWhenAsked();
                if (next.Entry.Generation == _generation && !next.Entry.IsRemoved)
                {
                    MakeRoom(next.Bytes.IsInMemory ? DiskFormat.OnDisk(next.Bytes.Length) : 0);
                    if (next.Entry.Disk!.IsOnItsWay) // else it was written anew with its segment
                        Write(next);
                }
                else
                    Forget(next.Entry);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Forget(next.Entry);
                throw;
            }
        }
    }

    private void Write(QueuedEntry next)
    {
        if (next.Shared is { } shared && !shared.Segment.IsGone)
            Books.Written(next.Entry, _segments.WriteHead(next.Entry, shared));
        else if (next.Bytes.IsInMemory)
            Books.Written(next.Entry, _segments.Write(next.Entry, next.Bytes));
        else
            Forget(next.Entry);
    }

    private void Forget(StoredResponse entry)
    {
        if (!Books.Forget(entry))
            _state.Index.Remove(entry);
    }

    /// <summary>When nothing waits: a renewed head may be on its way to a segment that has no other.</summary>
    private void DeleteWhatIsEmpty()
    {
        if (Books.QueuedBytes > 0)
            return;
        foreach (var empty in _segments.Segments.Where(segment => segment.Live == 0 && segment.Bytes >= _segmentBytes / 2).ToArray())
            _segments.Delete(empty);
        // Each 304 adds a head and a removal to the index of the segment that has its bytes, and nothing else makes an index smaller.
        while (_segments.Segments.FirstOrDefault(segment => IsMostlyGone(segment, _segmentBytes)) is { } grown)
            Evict(grown);
    }

    /// <param name="coming">Bytes of a body that is about to be written.</param>
    private void MakeRoom(long coming)
    {
        // A segment of its size may be begun before the next look.
        while (
            _segments.Segments.Count > 0
            && (_segments.Bytes + coming > _options.Bytes - _segmentBytes || Books.HeadBytes > _options.HeadBytes)
        )
            Evict(_segments.Segments[0]);
    }

    private static bool IsMostlyGone(Segment segment, long segmentBytes) =>
        segment.IndexLength > segmentBytes / 2 && segment.IndexLength > segment.LiveHeadBytes * MostGrown;

    /// <summary>A segment goes, nearly always the oldest. What was asked for since it was written is written anew, up to half of it; the rest stays in memory, or is gone.</summary>
    private void Evict(Segment segment)
    {
        if (ReferenceEquals(segment, _segments.Segments[^1]))
            _segments.Seal();
        // With their heads: less comes back than went, or room would never be made.
        var budget = segment.Bytes / 2;
        foreach (var entry in _state.Index.Entries().OfType<StoredResponse>())
        {
            if (entry.Disk?.Body is not { } body || !ReferenceEquals(body.Segment, segment))
                continue;
            var bytes = entry.Body;
            var takes = DiskFormat.OnDisk(body.Length) + body.HeadBytes;
            var isWorthIt = (bytes.IsInMemory || entry.Disk.WasRead) && body.Length <= LoadedWhole && takes <= budget;
            if (isWorthIt && (bytes.IsInMemory ? bytes : Whole(body)) is { } kept)
            {
                budget -= takes;
                Books.Written(entry, _segments.Write(entry, kept));
            }
            else
            {
                Forget(entry);
            }
        }
        _segments.Delete(segment);
    }

    private static StoredBody? Whole(DiskBody body) =>
        body.Read(0, (int)DiskFormat.ChunksOf(body.Length), out var chunks) == DiskReadOutcome.Read
            ? new StoredBody(chunks, DiskFormat.ChunkBytes, body.Length)
            : null;

    /// <summary>The durable cursor: never before everything that it promises is flushed to the medium.</summary>
    private void KeepCursor(NodeSnapshot? swept, bool isLast)
    {
        if (!IsNews(swept) || (!isLast && _time.GetTimestamp() < _cursorNotBefore))
            return;
        var started = _time.GetTimestamp();
        _segments.Sync();
        var state = new StoreState(
            _segments.Store,
            _segments.NextSegment,
            [.. _segments.Segments.Select(segment => (segment.Id, segment.IndexWritten))],
            CursorOf(swept!)
        );
        _options.Files.Replace(DiskFormat.StateFile, state.ToBytes(_options.NodeId));
        (_durable, _isDurable) = (swept!.Position, true);
        var rest = _time.GetElapsedTime(started) * CursorRests;
        rest = rest > CursorEvery ? rest : CursorEvery;
        _cursorNotBefore = _time.GetTimestamp() + (long)(rest.TotalSeconds * _time.TimestampFrequency);
    }

    /// <summary>Whether a swept snapshot is worth a cursor. One with a record that was not understood is not: an upgraded program has to read that record again.</summary>
    private bool IsNews(NodeSnapshot? swept) =>
        swept is { PassThroughAll: false, PassingThrough: 0, Unread.Count: 0, Epoch.Length: > 0 }
        && swept.Generation == _generation
        && (!_isDurable || swept.Position > _durable);

    private static SnapshotPart CursorOf(NodeSnapshot swept)
    {
        var cursor = new SnapshotPart
        {
            Epoch = swept.Epoch,
            Position = swept.Position,
            Hash = ByteString.CopyFrom(swept.Hash.Span),
            Last = true,
        };
        foreach (var property in swept.Properties.Values.OrderBy(property => property.Id))
        {
            cursor.Properties.Add(
                new PropertySnapshot
                {
                    PropertyId = property.Id,
                    Property = property.Configuration.ToMessage(),
                    LastPurge = property.LastPurge,
                    LastConfiguration = property.LastConfiguration,
                }
            );
        }
        return cursor;
    }

    /// <summary>The disk has failed: it is not written to for a while, and the operator hears why.</summary>
    private void Rest(Exception failure)
    {
        var rest = Health.WriteFailed(IsFull(failure));
        _log.DiskFailed(Health.Condition, rest, failure);
    }

    /// <summary>A full disk has no room even for removals and the cursor: the oldest segment makes some.</summary>
    private void GiveRoomBack(bool isFull)
    {
        if (!isFull || _segments.Segments.Count < 2)
            return;
        try
        {
            foreach (var entry in _state.Index.Entries().OfType<StoredResponse>().Where(IsInOldest))
                Forget(entry);
            _segments.Delete(_segments.Segments[0]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.SegmentUnreadable(_segments.NextSegment, e);
        }
    }

    private bool IsInOldest(StoredResponse entry) => entry.Disk?.Body is { } body && ReferenceEquals(body.Segment, _segments.Segments[0]);

    /// <summary>At most once for each span in which a fault is remembered.</summary>
    private void SayWhenSlow()
    {
        var faults = Health.Faults;
        if (faults.All == _said || Health.Condition != DiskCondition.Slow || _time.GetTimestamp() < _saysNotBefore)
            return;
        (_said, _saysNotBefore) = (
            faults.All,
            _time.GetTimestamp() + (long)(DiskHealth.Remembered.TotalSeconds * _time.TimestampFrequency)
        );
        _log.DiskIsSlow(Health.Condition, faults.Skipped, faults.Late, faults.Reads, faults.Torn);
    }

    private static bool IsFull(Exception e) => e is IOException { HResult: 28 or 122 }; // ENOSPC, EDQUOT

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;
}

/// <summary>How long visitors wait for the disk.</summary>
internal static class DiskPatience
{
    /// <summary>For the first bytes of an answer; then upstream is asked instead.</summary>
    public static readonly TimeSpan ForFirstBytes = TimeSpan.FromMilliseconds(250);
}
