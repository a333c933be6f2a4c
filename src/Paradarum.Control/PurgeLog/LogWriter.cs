using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Paradarum.Control.PurgeLog;

/// <summary>
/// The one writer of the one database: log, catalogue and everything else that is durable. Work that waits at the same moment shares a transaction and one
/// flush (group commit, design section 2); its task completes after the flush.
/// </summary>
internal sealed class LogWriter : IAsyncDisposable
{
    // A group is bounded so that one flush never makes the first of its waiters wait for hundreds of others' statements.
    private const int MostWorksInGroup = 256;

    private static readonly TimeSpan PulseEvery = TimeSpan.FromSeconds(1);

    // So many in one group come from clients that do not wait for one another.
    private const int Shared = 4;

    private readonly LogOptions _options;
    private readonly IReadOnlyList<SchemaPart> _parts;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action<DbTransaction> _flush;
    private readonly DataFolder _folder;
    private readonly LogEngine _engine;
    private readonly ITimer _upkeep;
    private readonly ITimer? _pulse;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<string> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guarded by itself: what waits, and whether the writer is to look at its upkeep or to end.
    private readonly Queue<LogWork> _waiting = new();
    private bool _upkeepDue;
    private bool _closing;

    // The writer's thread alone.
    private LogDatabase? _database;
    private LogGroup? _inDoubt;
    private LogMark _known;
    private Exception? _behind;
    private long _begunAt;
    private bool _wasShared;

    // The writer's thread writes them.
    private long _commits;
    private long _commitTicks;

    private LogWriter(
        LogOptions options,
        IReadOnlyList<SchemaPart> parts,
        TimeProvider time,
        ILogger log,
        Action<DbTransaction> flush,
        DataFolder folder,
        LogEngine engine,
        LogDatabase database
    )
    {
        (_options, _parts, _time, _log, _flush, _folder, _engine, _database) = (options, parts, time, log, flush, folder, engine, database);
        _known = LogMark.Of(database);
        Readers = new LogReaders(engine);
        Feed = new LogFeed(database, new LogReader(Readers), options.TailBytes);
        _thread = new Thread(Run) { IsBackground = true, Name = "log writer" };
        _thread.Start();
        _upkeep = time.CreateTimer(_ => Wake(upkeep: true), null, options.UpkeepEvery, options.UpkeepEvery);
        // Who is superseded and asked nothing would answer from memory for ever.
        if (engine.CanBeSuperseded)
            _pulse = time.CreateTimer(_ => Pulse(), null, PulseEvery, PulseEvery);
    }

    /// <summary>What is durable, for those who follow it.</summary>
    public LogFeed Feed { get; }

    /// <summary>Reads what is durable.</summary>
    public LogReaders Readers { get; }

    /// <summary>
    /// Groups that were made durable since the start, and how long their commits took together. As long is the counter's row locked on PostgreSQL: whatever else would append waits for it.
    /// </summary>
    public (long Groups, TimeSpan Time) Commits => (Volatile.Read(ref _commits), TimeSpan.FromTicks(Volatile.Read(ref _commitTicks)));

    /// <summary>Takes the folder, opens or creates the database, brings all tables up to date and checks the newest part of the chain.</summary>
    /// <param name="parts">Tables of other folders in the same file.</param>
    /// <exception cref="ArgumentException">Options out of range: all of them at once.</exception>
    /// <exception cref="LogCannotStartException">The folder is taken, the file is of a newer version or damaged, or the database cannot promise durability.</exception>
    public static LogWriter Open(LogOptions options, TimeProvider time, ILogger log, params IReadOnlyList<SchemaPart> parts) =>
        Open(options, time, log, transaction => transaction.Commit(), parts);

    /// <param name="flush">The commit itself: what tests hold or fail. Nothing is acknowledged or shown before it returns.</param>
    internal static LogWriter Open(
        LogOptions options,
        TimeProvider time,
        ILogger log,
        Action<DbTransaction> flush,
        params IReadOnlyList<SchemaPart> parts
    )
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(" ", problems), nameof(options));

        var folder = DataFolder.Take(options.Folder);
        LogEngine? engine = null;
        LogDatabase? database = null;
        try
        {
            engine = LogEngine.Of(options, folder, log);
            database = engine.Open(parts);
            if (database.BegunBecause is { } reason)
                log.EpochBegun(reason);
            if (engine.CanBeSuperseded)
                database.Claim(RandomNumberGenerator.GetHexString(32, lowercase: true));
            return new LogWriter(options, parts, time, log, flush, folder, engine, database);
        }
        catch
        {
            database?.Dispose();
            engine?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's thread, inside a savepoint of the next group's transaction, and completes once the group is on disk.
    /// An exception of the work rolls back its savepoint alone and reaches the caller; a failing commit reaches every waiter as <see cref="LogUnavailableException"/>.
    /// The work must be quick and must not wait: others share its transaction.
    /// </summary>
    /// <param name="stop">Cancels the work while it still waits for its turn; once it has begun, it is done.</param>
    public Task<T> WriteAsync<T>(Func<LogWrite, T> work, CancellationToken stop) => Enqueue(new LogWork<T>(work, hasSavepoint: true, stop));

    /// <summary>
    /// The same without a savepoint, which costs more than the statements of a purge do: for works whose statements fail only where the database does. One that throws
    /// before it wrote anything is alone with it; one that throws afterwards takes the group along, as a failing commit does.
    /// </summary>
    public Task<T> WriteSurelyAsync<T>(Func<LogWrite, T> work, CancellationToken stop) =>
        Enqueue(new LogWork<T>(work, hasSavepoint: false, stop));

    /// <summary>
    /// Completes once the database has made a transaction of this writer durable that began after the call: whatever was known at the call was then still this writer's to say.
    /// At once where nobody can take its place. A lease is granted on nothing less (G6): another control plane may have taken over, which counts from its own start on.
    /// </summary>
    /// <exception cref="LogUnavailableException">It is not known to be: nothing may be granted.</exception>
    public Task ConfirmAsync(CancellationToken stop) => _engine.CanBeSuperseded ? CommitNothingAsync(stop) : Task.CompletedTask;

    /// <summary>A transaction of nothing but the counter, shared with whoever writes at the same moment: it shows that writes are made durable now.</summary>
    /// <exception cref="LogUnavailableException">They are not.</exception>
    public Task CommitNothingAsync(CancellationToken stop) => WriteSurelyAsync(static _ => true, stop);

    /// <summary>
    /// Completes, with the reason, when this writer can never write again although it has not been disposed: another one has taken its place, or memory is not what the database
    /// is. Who started it disposes it and starts anew.
    /// </summary>
    public Task<string> Over => _over.Task;

    /// <summary>
    /// The database has lost the end of this log: nodes have read records that it does not have. Completes when that is durable; then this writer is <see cref="Over"/>, and the next one
    /// to open the database begins a new epoch.
    /// </summary>
    /// <param name="reason">How that is known, in a sentence for the operator.</param>
    /// <exception cref="LogUnavailableException">It is not durable: whoever knows it will say it again.</exception>
    public Task EndEpochAsync(string reason, CancellationToken stop) =>
        WriteAsync(
            write =>
            {
                write.EndEpoch(reason);
                return true;
            },
            stop
        );

    private Task<T> Enqueue<T>(LogWork<T> item)
    {
        lock (_waiting)
        {
            if (_closing)
                return Task.FromException<T>(new LogUnavailableException("The log is closed.", null));
            _waiting.Enqueue(item);
            // The writer waits only while nothing does.
            if (_waiting.Count == 1)
                Monitor.Pulse(_waiting);
        }
        return item.Done;
    }

    /// <inheritdoc cref="LogEngine.OpenReader"/>
    public DbConnection OpenReader() => _engine.OpenReader();

    /// <summary>Unless others wait already, who find out the same; what comes of it is the writer's own affair.</summary>
    private void Pulse()
    {
        bool idle;
        lock (_waiting)
            idle = _waiting.Count == 0;
        if (idle)
            _ = CommitNothingAsync(CancellationToken.None);
    }

    private void Wake(bool upkeep)
    {
        lock (_waiting)
        {
            _upkeepDue |= upkeep;
            Monitor.Pulse(_waiting);
        }
    }

    /// <summary>The supervisor: whatever fails in a group, its waiters hear of it and the next group is tried.</summary>
    private void Run()
    {
        var works = new List<LogWork>();
        while (Take(works, out var upkeep))
        {
            try
            {
                if (Reopened())
                    RunGroup(works, upkeep);
                else
                    Fail(works, new LogUnavailableException("The database cannot be opened; the log of the control plane says why.", null));
            }
            catch (Exception e)
            {
                // 1. Nothing of the group is known to be durable: its waiters hear an error whatever turns out.
                // 2. The connection is closed and what is really on disk is read anew, before anyone is told.
                _log.GroupLost(works.Count, e);
                CloseDatabase(finish: false);
                Reopened();
                Fail(works, new LogUnavailableException("The change could not be made durable.", e));
            }
            works.Clear();
            // It takes no more work: what it holds of the database is for whoever can go on, however long this process takes to end.
            if (_behind is not null)
                CloseDatabase(finish: true);
        }
        CloseDatabase(finish: true);
        _ended.SetResult();
    }

    /// <summary>Waits for work or upkeep. False once the writer is closing and all work is done.</summary>
    private bool Take(List<LogWork> works, out bool upkeep)
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0 && !_upkeepDue && !_closing)
                Monitor.Wait(_waiting);
            GatherMore();
            upkeep = _upkeepDue;
            _upkeepDue = false;
            while (works.Count < MostWorksInGroup && _waiting.TryDequeue(out var work))
            {
                if (work.Stop.IsCancellationRequested)
                    work.Cancel();
                else
                    works.Add(work);
            }
            (_begunAt, _wasShared) = (_time.GetTimestamp(), works.Count >= Shared);
            return works.Count > 0 || upkeep || !_closing;
        }
    }

    /// <summary>Holding the lock, which it gives up meanwhile. A flush costs the same for one write and for a hundred (docs/decisions/group-commit.md).</summary>
    private void GatherMore()
    {
        if (!_wasShared || _closing || _waiting.Count >= MostWorksInGroup)
            return;
        var left = _options.GatherFor - _time.GetElapsedTime(_begunAt);
        if (left > TimeSpan.Zero)
            Monitor.Wait(_waiting, left);
    }

    private void RunGroup(List<LogWork> works, bool upkeep)
    {
        if (_behind is not null)
        {
            Fail(works, new LogUnavailableException("Memory has fallen behind the disk; the control plane must be restarted.", _behind));
            return;
        }
        if (works.Count > 0 || upkeep)
        {
            var group = new LogGroup(_database!, Feed, _time.GetUtcNow());
            using (group)
            {
                foreach (var work in works)
                    group.Run(work);
                group.DropOld(_options, lookAtAge: upkeep);
                if (works.Count > 0 || group.Dropped)
                {
                    group.WriteEnd();
                    _inDoubt = group;
                    var since = _time.GetTimestamp();
                    group.Commit(_flush);
                    Volatile.Write(ref _commitTicks, _commitTicks + _time.GetElapsedTime(since).Ticks);
                    Volatile.Write(ref _commits, _commits + 1);
                    (_inDoubt, _known) = (null, _known.At(group.End));
                }
            }
            Publish(group);
            group.Answer();
            works.Clear();
            if (group.EpochOver is { } reason)
            {
                _log.EpochOver(reason);
                End(new InvalidDataException(reason));
            }
            if (group.MoreToDrop)
                Wake(upkeep: true);
        }
        _database!.Maintain(idle: upkeep);
    }

    private void Publish(LogGroup group)
    {
        _behind ??= group.Publish();
        if (_behind is not null)
            FallBehind(_behind);
    }

    private void FallBehind(Exception cause)
    {
        _log.MemoryBehind(cause);
        End(cause);
    }

    private void End(Exception cause)
    {
        _behind = cause;
        _over.TrySetResult(cause.Message);
    }

    /// <summary>True when the database is open, or when that does not matter any more, after settling what became of a group whose commit failed.</summary>
    private bool Reopened()
    {
        if (_database is not null || _behind is not null)
            return true;
        try
        {
            _database = _engine.Open(_parts);
        }
        catch (LogCannotStartException e)
        {
            _log.CannotReopen(e.Message);
            // Whoever has the log now has it for good: each further attempt would only hold up what still waits here, and this one's end with it.
            if (e is LogTakenException)
                FallBehind(e);
            return false;
        }
        // The commit may have reached the disk all the same: its records are then in the log, and memory must follow, although its waiters were told 500.
        var found = LogMark.Of(_database);
        LogMark? inDoubt = _inDoubt is null ? null : _known.At(_inDoubt.End);
        var judged = LogReopening.Judge(_known, inDoubt, found);
        if (judged.HasLostItsEnd && !HasEndedEpoch(judged.Behind!))
            return false;
        if (judged.TookPlace)
            Publish(_inDoubt!);
        else if (judged.Behind is { } behind)
            FallBehind(new InvalidDataException(behind));
        (_inDoubt, _known) = (null, found);
        _log.Reopened(_database.End.Head.Position);
        return true;
    }

    /// <summary>False: that is not durable, and what was found is to be found once more.</summary>
    private bool HasEndedEpoch(string reason)
    {
        try
        {
            _database!.EndEpochNow(reason);
            _log.EpochOver(reason);
            return true;
        }
        catch (Exception e) when (e is DbException or TimeoutException or InvalidOperationException)
        {
            _log.CannotReopen(e.Message);
            CloseDatabase(finish: false);
            return false;
        }
    }

    private void CloseDatabase(bool finish)
    {
        try
        {
            if (finish)
                _database?.Finish();
        }
        catch (DbException e)
        {
            _log.CheckpointFailed(e);
        }
        _database?.Dispose();
        _database = null;
    }

    private static void Fail(List<LogWork> works, Exception cause)
    {
        foreach (var work in works)
            work.Fail(cause);
    }

    /// <summary>Takes no more work, finishes what waits, lets the database finish and gives the folder back.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_waiting)
        {
            _closing = true;
            Monitor.Pulse(_waiting);
        }
        await _upkeep.DisposeAsync();
        if (_pulse is not null)
            await _pulse.DisposeAsync();
        await _ended.Task;
        Readers.Dispose();
        _engine.Dispose();
        _folder.Dispose();
    }
}

/// <summary>The commit failed: nothing of the group is known to be durable, the writer reopens the database. Callers answer 500.</summary>
internal sealed class LogUnavailableException(string message, Exception? inner) : Exception(message, inner);
