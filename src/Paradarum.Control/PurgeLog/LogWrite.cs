using System.Data.Common;
using Google.Protobuf;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>A work's place in the group's transaction. Used on the writer's thread only, while the work runs.</summary>
internal sealed class LogWrite
{
    private readonly LogGroup _group;
    private readonly List<Action> _afterFlush = [];

    internal LogWrite(LogGroup group) => _group = group;

    /// <summary>For what speaks to the database itself; what was executed before has run.</summary>
    public DbConnection Connection
    {
        get
        {
            _group.Database.Statements.Flush();
            return _group.Database.Connection;
        }
    }

    public DbTransaction Transaction => _group.Transaction;

    public SqlDialect Sql => SqlDialect.Of(_group.Database.Connection);

    /// <summary>When this group was begun: what rows written in it carry.</summary>
    public DateTimeOffset Now => _group.Now;

    /// <summary>End of the log as of this work, its own appends included. Durable once <see cref="AfterFlush"/> runs.</summary>
    public LogHead Head { get; internal set; } = null!;

    /// <summary>What this work changed in <see cref="LogFeed.Positions"/>; the group's owner reads it.</summary>
    internal Dictionary<long, PropertyPositions> ChangedPositions { get; } = [];

    internal List<LogRecord> Appended { get; } = [];

    /// <summary>A statement of it was run, through here; what goes through <see cref="Connection"/> is not seen.</summary>
    internal bool HasWritten { get; private set; }

    internal long AppendedBytes { get; private set; }

    internal IReadOnlyList<Action> Callbacks => _afterFlush;

    /// <summary>Appends a record at the next position; durable with the group. A payload with <c>purges</c> set raises the property's last purge, any other its last configuration.</summary>
    public LogRecord Append(RecordPayload payload) => Append(payload.PropertyId, payload.Purges, payload.ToByteArray());

    /// <summary>Appends a payload that its caller serialised off this thread: what a large batch does, so that others need not wait for it.</summary>
    /// <param name="propertyId">As in the payload.</param>
    /// <param name="purges">As in the payload.</param>
    /// <param name="payload">Bytes of a <see cref="RecordPayload"/>; not changed any more.</param>
    public LogRecord Append(long propertyId, bool purges, byte[] payload)
    {
        var position = Head.Position + 1;
        var hash = Chain.Next(Head.Hash.Span, position, payload);
        var record = new LogRecord(position, hash, payload);
        HasWritten = true;
        _group.Database.Insert(record, hash, payload, Now);

        var at = _group.PositionsOf(propertyId, ChangedPositions);
        ChangedPositions[propertyId] = purges ? at with { LastPurge = position } : at with { LastConfiguration = position };
        Appended.Add(record);
        AppendedBytes += LogDatabase.SizeOf(payload.Length);
        Head = new LogHead(position, hash);
        return record;
    }

    /// <inheritdoc cref="LogDatabase.EndEpoch"/>
    public void EndEpoch(string reason)
    {
        HasWritten = true;
        _group.Database.EndEpoch(reason);
        EpochOver = reason;
    }

    internal string? EpochOver { get; private set; }

    /// <summary>
    /// Runs after the flush, on the writer's thread, in order of position, before the waiters hear of it and before the new head is visible: where memory
    /// (catalogue, keys, receipts) is brought up to what is now durable. Must not throw: the writer then refuses all further work, because memory has fallen
    /// behind the disk.
    /// </summary>
    public void AfterFlush(Action publish) => _afterFlush.Add(publish);

    /// <inheritdoc cref="Statements.Execute"/>
    public void Execute(string sql, params ReadOnlySpan<object?> values)
    {
        HasWritten = true;
        _group.Database.Statements.Execute(sql, values);
    }

    /// <summary>Reads rows, those of earlier works in the same group included.</summary>
    public List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values) =>
        _group.Database.Statements.Query(sql, read, values);
}

/// <summary>A piece of work in the queue, with the task that its caller awaits.</summary>
internal abstract class LogWork(bool hasSavepoint, CancellationToken stop)
{
    public CancellationToken Stop { get; } = stop;

    /// <summary>What it wrote before it threw can be taken back without its group.</summary>
    public bool HasSavepoint { get; } = hasSavepoint;

    /// <summary>Set once the work has run in a transaction.</summary>
    public LogWrite? Write { get; set; }

    /// <summary>What the work itself threw; it reaches the caller after the flush like an answer would, because it may tell of works in the same group.</summary>
    public Exception? Thrown { get; set; }

    public abstract void Run(LogWrite write);

    public abstract void Complete();

    public abstract void Fail(Exception cause);

    public abstract void Cancel();
}

internal sealed class LogWork<T>(Func<LogWrite, T> work, bool hasSavepoint, CancellationToken stop) : LogWork(hasSavepoint, stop)
{
    // Continuations never run on the writer's thread: a caller's code must not delay the next group.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Done => _done.Task;

    public override void Run(LogWrite write) => _result = work(write);

    public override void Complete()
    {
        if (Thrown is { } thrown)
            _done.TrySetException(thrown);
        else
            _done.TrySetResult(_result!);
    }

    public override void Fail(Exception cause) => _done.TrySetException(cause);

    public override void Cancel() => _done.TrySetCanceled(Stop);
}
