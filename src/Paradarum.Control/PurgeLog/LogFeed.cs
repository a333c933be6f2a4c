using System.Collections.Concurrent;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>Durable end of the log. Position 0 is the empty log.</summary>
internal sealed record LogHead(ulong Position, ReadOnlyMemory<byte> Hash);

/// <summary>What is durable in the log, for those who follow it. Shows nothing that is not flushed. Safe from any thread.</summary>
internal sealed class LogFeed
{
    private readonly Lock _gate = new();
    private readonly RecentRecords _recent;
    private readonly LogReader _older;
    private readonly ConcurrentDictionary<long, PropertyPositions> _positions;

    // Written by the writer's thread alone, under the gate, in this order: records, tail, head; then the wake-up.
    private LogHead _tail;
    private volatile LogHead _head;
    private volatile TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal LogFeed(LogDatabase database, LogReader older, long tailBytes)
    {
        Epochs = database.Epochs;
        HasBegunEpoch = database.BegunBecause is not null;
        PurgeTokenKey = database.PurgeTokenKey;
        _older = older;
        _head = database.End.Head;
        _tail = database.End.Tail;
        _recent = new RecentRecords(tailBytes);
        foreach (var record in database.Newest(tailBytes))
            _recent.Add(record);
        _positions = new ConcurrentDictionary<long, PropertyPositions>(database.Positions());
    }

    public LogEpochs Epochs { get; }

    /// <summary>This writer began the epoch when it opened the database: nobody else has ever said anything in it.</summary>
    public bool HasBegunEpoch { get; }

    /// <summary>Random id of this log (32 hex digits), made with the database.</summary>
    public string Epoch => Epochs.Epoch;

    /// <summary>The same as long as epochs follow one another without a loss (PostgreSQL's timelines); another one after a restore.</summary>
    public string Lineage => Epochs.Lineage;

    /// <summary>Signs purge ids (<c>PurgeToken</c>); made with the database, as long as the epoch lives.</summary>
    public ReadOnlyMemory<byte> PurgeTokenKey { get; }

    public LogHead Head => _head;

    /// <inheritdoc cref="LogEpochs.IsOfThisLog"/>
    public bool IsOfThisLog(string epoch, ulong position) => Epochs.IsOfThisLog(epoch, position);

    /// <summary>Oldest position that can still be read is Tail + 1; retention moves it.</summary>
    public ulong Tail
    {
        get
        {
            lock (_gate)
            {
                return _tail.Position;
            }
        }
    }

    /// <summary>Position of the last purge and the last configuration record of every property that ever had one, kept beyond the tail.</summary>
    /// <remarks>
    /// Consistent with <see cref="LogWrite.Head"/> of a work when read inside its <see cref="LogWrite.AfterFlush"/>: a node's snapshot is put together there.
    /// Elsewhere it is live and may be ahead of <see cref="Head"/>, never of the disk.
    /// </remarks>
    public IReadOnlyDictionary<long, PropertyPositions> Positions => _positions;

    /// <summary>Records after a position, in order, at most so many and so many bytes of payload (at least one record when there is one). Recent ones come from memory.</summary>
    /// <returns>False when <paramref name="after"/> is below the tail.</returns>
    public bool TryRead(ulong after, int mostRecords, int mostBytes, out IReadOnlyList<LogRecord> records)
    {
        ulong through;
        lock (_gate)
        {
            records = [];
            if (after < _tail.Position)
                return false;
            if (after >= _head.Position)
                return true;
            if (_recent.Holds(after + 1))
            {
                records = _recent.Read(after + 1, mostRecords, mostBytes);
                return true;
            }
            through = _head.Position;
        }
        records = _older.Read(after, through, mostRecords, mostBytes);
        // Retention may have taken the first of them between the two looks.
        return records.Count > 0 && records[0].Position == after + 1;
    }

    /// <summary>The hash at a position, or null when it is below the tail or beyond the head.</summary>
    public ReadOnlyMemory<byte>? HashAt(ulong position)
    {
        lock (_gate)
        {
            if (position < _tail.Position || position > _head.Position)
                return null;
            if (position == _tail.Position)
                return _tail.Hash;
            if (_recent.Holds(position))
                return _recent.At(position).Hash;
        }
        return _older.HashAt(position) is { } hash ? hash : null;
    }

    /// <summary>What a node's cursor says: that it has read this log, another one, or more of this one than there is.</summary>
    public CursorFit Fit(string epoch, ulong position, ReadOnlySpan<byte> hash)
    {
        if (!string.Equals(epoch, Epoch, StringComparison.Ordinal))
            return CursorFit.AnotherEpoch;
        if (position > _head.Position)
            return CursorFit.BeyondHead;
        if (HashAt(position) is not { } known)
            return CursorFit.BelowTail;
        return known.Span.SequenceEqual(hash) ? CursorFit.Ours : CursorFit.AnotherHash;
    }

    /// <summary>Completes when the head is beyond <paramref name="position"/>.</summary>
    public async Task WaitBeyondAsync(ulong position, CancellationToken stop)
    {
        while (true)
        {
            // The wake-up is taken before the look at the head: a record published in between completes it.
            var moved = _moved.Task;
            if (_head.Position > position)
                return;
            await moved.WaitAsync(stop);
        }
    }

    /// <summary>The writer's, after the flush, work by work, before that work's own callbacks.</summary>
    internal void PublishPositions(IEnumerable<KeyValuePair<long, PropertyPositions>> changed)
    {
        foreach (var (property, at) in changed)
            _positions[property] = at;
    }

    /// <summary>The writer's, after the flush and after every callback.</summary>
    internal void Publish(IReadOnlyList<LogRecord> records, LogEnd end)
    {
        lock (_gate)
        {
            foreach (var record in records)
                _recent.Add(record);
            _recent.DropThrough(end.Tail.Position);
            _tail = end.Tail;
            _head = end.Head;
        }
        if (records.Count > 0)
            Interlocked.Exchange(ref _moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}

/// <summary>How a cursor (epoch, position, hash) stands to the log.</summary>
internal enum CursorFit
{
    /// <summary>A position of this log with this log's hash.</summary>
    Ours,

    AnotherEpoch,

    /// <summary>Of this epoch, and no longer kept.</summary>
    BelowTail,

    /// <summary>Of this epoch, and not there: the log has lost its end since.</summary>
    BeyondHead,

    /// <summary>Of this epoch, and something else is there now: the log has lost its end since, and gone on.</summary>
    AnotherHash,
}

/// <summary>Carried in snapshots, so that causality (G4) survives retention.</summary>
internal readonly record struct PropertyPositions(ulong LastPurge, ulong LastConfiguration);
