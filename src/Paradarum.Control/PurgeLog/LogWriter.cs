using Microsoft.Data.Sqlite;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>
/// The one writer of the one database file: log, catalogue and everything else that is durable. Work that waits at the same moment shares a transaction and one
/// flush (group commit, design section 2); its task completes after the flush.
/// </summary>
internal sealed class LogWriter : IAsyncDisposable
{
    /// <summary>What is durable, for those who follow it.</summary>
    public LogFeed Feed => throw new NotImplementedException();

    /// <summary>A read-only connection of its own to what is durable; the caller disposes it, soon: an open read holds back the checkpoint.</summary>
    public SqliteConnection OpenReader() => throw new NotImplementedException();

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's thread, inside a savepoint of the next group's transaction, and completes once the group is on disk.
    /// An exception of the work rolls back its savepoint alone and reaches the caller; a failing commit reaches every waiter as <see cref="LogUnavailableException"/>.
    /// The work must be quick and must not wait: others share its transaction.
    /// </summary>
    public Task<T> WriteAsync<T>(Func<LogWrite, T> work, CancellationToken stop) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>A place in the group's transaction. Used on the writer's thread only, while the work runs.</summary>
internal sealed class LogWrite
{
    public SqliteConnection Connection => throw new NotImplementedException();

    public SqliteTransaction Transaction => throw new NotImplementedException();

    /// <summary>End of the log as of this work, its own appends included. Durable once <see cref="AfterFlush"/> runs.</summary>
    public LogHead Head => throw new NotImplementedException();

    /// <summary>Appends a record at the next position; durable with the group.</summary>
    public LogRecord Append(RecordPayload payload) => throw new NotImplementedException();

    /// <summary>
    /// Runs after the flush, on the writer's thread, in order of position, before the waiters hear of it and before the new head is visible: where memory
    /// (catalogue, keys, receipts) is brought up to what is now durable. Must not throw.
    /// </summary>
    public void AfterFlush(Action publish) => throw new NotImplementedException();
}

/// <summary>The commit failed: nothing of the group is durable, the writer reopens the database. Callers answer 500.</summary>
internal sealed class LogUnavailableException(string message, Exception? inner) : Exception(message, inner);
