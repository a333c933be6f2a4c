using System.Data.Common;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>
/// One group's transaction: runs works in savepoints, drops what retention no longer keeps, writes the new end, and hands the commit to whoever flushes.
/// Nothing of it is visible outside before <see cref="Publish"/>.
/// </summary>
internal sealed class LogGroup : IDisposable
{
    // Retention removes at most so many records at once, so that a lowered bound does not make one group long.
    private const int DropAtOnce = 2_000;

    // Looked at when the bytes are too many: more than a group appends, so that it catches up.
    private const int DropForBytes = 512;

    private readonly LogFeed _feed;
    private readonly Dictionary<long, PropertyPositions> _positions = [];
    private readonly List<LogRecord> _appended = [];
    private readonly List<LogWork> _done = [];
    private LogEnd _end;

    public LogGroup(LogDatabase database, LogFeed feed, DateTimeOffset now)
    {
        Database = database;
        _feed = feed;
        Now = now;
        _end = database.End with { Commits = database.End.Commits + 1 };
        Transaction = database.Begin();
    }

    public LogDatabase Database { get; }
    public DbTransaction Transaction { get; }
    public DateTimeOffset Now { get; }

    /// <summary>What <c>log_end</c> holds once this group is on disk.</summary>
    public LogEnd End => _end;

    /// <summary>True when retention dropped records in this group.</summary>
    public bool Dropped { get; private set; }

    /// <summary>True when bounds are still exceeded after this group dropped as much as one group may.</summary>
    public bool MoreToDrop { get; private set; }

    /// <summary>Why the next writer begins a new epoch; null: it does not.</summary>
    public string? EpochOver { get; private set; }

    public void Run(LogWork work)
    {
        var write = new LogWrite(this) { Head = _end.Head };
        work.Write = write;
        if (work.HasSavepoint)
            Database.Savepoint();
        try
        {
            work.Run(write);
            if (work.HasSavepoint)
                Database.Release();
        }
        catch (Exception e) when (work.HasSavepoint || !write.HasWritten)
        {
            // Its caller's affair, delivered after the flush. When SQLite has rolled back everything (disk full), this throws and the group fails.
            if (work.HasSavepoint)
                Database.RollBackWork();
            work.Write = null;
            // A statement that waited too long for a lock, or found the disk full: as after a commit that failed, the same may succeed in a moment.
            work.Thrown = Database.HasFailed(e) ? new LogUnavailableException("The change could not be written.", e) : e;
            _done.Add(work);
            return;
        }
        _done.Add(work);
        _appended.AddRange(write.Appended);
        EpochOver ??= write.EpochOver;
        _end = _end with { Head = write.Head, Bytes = _end.Bytes + write.AppendedBytes };
        foreach (var (property, at) in write.ChangedPositions)
            _positions[property] = at;
    }

    /// <summary>A property's positions as of a work: its own changes, then the group's, then what is durable.</summary>
    public PropertyPositions PositionsOf(long propertyId, Dictionary<long, PropertyPositions> changedByWork) =>
        changedByWork.TryGetValue(propertyId, out var at)
        || _positions.TryGetValue(propertyId, out at)
        || _feed.Positions.TryGetValue(propertyId, out at)
            ? at
            : default;

    /// <summary>Count and size first, then age; the oldest go. Receipts and idempotency keys go with them (foreign keys).</summary>
    public void DropOld(LogOptions options, bool lookAtAge)
    {
        var count = (long)(_end.Head.Position - _end.Tail.Position);
        var over = count > options.MostRecords || _end.Bytes > options.MostBytes;
        if (count == 0 || !(over || lookAtAge))
            return;

        // A full log drops with every group: it looks at no more rows than are too many.
        var tooMany = Math.Max(count - options.MostRecords, _end.Bytes > options.MostBytes ? DropForBytes : 0);
        var most = lookAtAge ? DropAtOnce : (int)Math.Min(tooMany, DropAtOnce);
        var oldest = Database.Oldest(most);
        var (tail, bytes, dropped) = (_end.Tail, _end.Bytes, 0);
        foreach (var record in oldest)
        {
            var tooMuch = count - dropped > options.MostRecords || bytes > options.MostBytes;
            if (!tooMuch && !(lookAtAge && Now - record.AppendedAt > options.OldestAge))
                break;
            (tail, bytes, dropped) = (record.Place, bytes - record.Bytes, dropped + 1);
        }
        if (dropped == 0)
            return;
        Database.DropThrough(tail.Position);
        Dropped = true;
        _end = _end with { Tail = tail, Bytes = bytes };
        MoreToDrop = dropped == most && (dropped == DropAtOnce || _end.Bytes > options.MostBytes);
    }

    /// <summary>Writes the counter and the positions: the last statements. When one of them fails, nothing of the group stays.</summary>
    public void WriteEnd()
    {
        foreach (var (property, at) in _positions)
            Database.Write(property, at);
        Database.Write(_end);
    }

    /// <summary>The commit. Throws when it did not take place, or when that is not known.</summary>
    public void Commit(Action<DbTransaction> flush)
    {
        flush(Transaction);
        Database.End = _end;
    }

    /// <summary>Brings memory up to the disk: each work's positions and callbacks in order, then records and head. Only after the flush.</summary>
    /// <returns>What a callback threw, if one did; the others ran all the same.</returns>
    public Exception? Publish()
    {
        Exception? fault = null;
        foreach (var write in _done.Select(work => work.Write).OfType<LogWrite>())
        {
            _feed.PublishPositions(write.ChangedPositions);
            foreach (var callback in write.Callbacks)
            {
                try
                {
                    callback();
                }
                catch (Exception e)
                {
                    fault ??= e; // reported by the writer, which then takes no more work
                }
            }
        }
        _feed.Publish(_appended, _end);
        return fault;
    }

    public void Answer()
    {
        foreach (var work in _done)
            work.Complete();
    }

    public void Dispose() => Transaction.Dispose();
}
