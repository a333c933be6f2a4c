using System.Data.Common;
using System.Security.Cryptography;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>The one row <c>log_end</c>.</summary>
/// <param name="Bytes">Of the records above the tail, as <see cref="LogDatabase.SizeOf"/> counts them.</param>
/// <param name="Commits">Rises with every group, appends or not: tells after a failed commit whether it took place all the same.</param>
internal sealed record LogEnd(LogHead Head, LogHead Tail, long Bytes, long Commits);

/// <summary>A kept record as retention sees it.</summary>
internal readonly record struct OldRecord(LogHead Place, DateTimeOffset AppendedAt, long Bytes);

/// <summary>
/// The writer's session and everything the log says to its database. An engine opens it with what durability needs, read back: one that silently gives less is refused,
/// because every 200 rests on it. Used on the writer's thread only.
/// </summary>
internal abstract class LogDatabase(DbConnection connection, Statements statements) : IDisposable
{
    private const int RowOverhead = 64;

    public DbConnection Connection { get; } = connection;

    public Statements Statements { get; } = statements;

    public LogEpochs Epochs { get; private set; } = null!;

    /// <summary>Why this opening began a new epoch, in a sentence; null: it did not.</summary>
    public string? BegunBecause { get; private set; }

    /// <summary>Who opened it last to work on it: a random id of one writer. Empty where nobody can take a writer's place.</summary>
    public string Writer { get; private set; } = "";

    public byte[] PurgeTokenKey { get; private set; } = [];

    /// <summary>As of the last commit, or as read when the database was opened.</summary>
    public LogEnd End { get; set; } = null!;

    /// <summary>What the operator calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the database failed, for now or for good: else it was asked what it cannot be asked, which is a mistake of this program's.</summary>
    protected abstract bool IsFailure(DbException e);

    /// <summary>The same of what a work threw, which may carry it inside.</summary>
    public bool HasFailed(Exception thrown)
    {
        for (var cause = thrown; cause is not null; cause = cause.InnerException)
        {
            if (cause is DbException e)
                return IsFailure(e);
        }
        return false;
    }

    /// <summary>Housekeeping between groups, in nobody's commit.</summary>
    /// <param name="idle">Nobody waits, and it is due (<see cref="LogOptions.UpkeepEvery"/>).</param>
    public virtual void Maintain(bool idle) { }

    /// <summary>The last word before <see cref="Dispose"/>, when nothing has failed.</summary>
    /// <exception cref="DbException">It is then the next open's to do.</exception>
    public virtual void Finish() { }

    /// <summary>Brings every part's tables up to date, begins a new epoch where one is due, and reads where the log ends.</summary>
    protected void Load(IReadOnlyList<SchemaPart> parts)
    {
        LogSchema.BringUp(Connection, [LogSchema.Part, .. parts]);
        Atomically(SettleEpoch);
        var epoch = Meta("epoch")!;
        var former = Statements
            .Query("SELECT epoch, through FROM log_epochs", row => (Epoch: row.GetString(0), Through: (ulong)row.GetInt64(1)))
            .ToDictionary(row => row.Epoch, row => row.Through, StringComparer.Ordinal);
        Epochs = new LogEpochs(epoch, Meta("lineage") ?? epoch, former);
        Writer = Meta("writer") ?? "";
        PurgeTokenKey = Convert.FromHexString(Meta("purge_token_key")!);
        End = ReadEnd();
    }

    /// <summary>Says that a new writer works from here on: one that comes back and finds another's name knows that what it has in memory is old.</summary>
    public void Claim(string writer)
    {
        Atomically(() => SetMeta("writer", writer));
        Writer = writer;
    }

    /// <summary>Notes that what this log says from here on is not what a former one said at the same positions: whoever opens it next begins a new epoch. Durable with the group.</summary>
    /// <param name="reason">Why, in a sentence for the operator.</param>
    public void EndEpoch(string reason) => SetMeta(LogSchema.EpochOver, reason);

    /// <summary>The same, durable when it returns.</summary>
    /// <exception cref="DbException">It is not.</exception>
    public void EndEpochNow(string reason) => Atomically(() => EndEpoch(reason));

    /// <summary>In a transaction of its own, durable when it returns; what throws leaves nothing of it.</summary>
    private void Atomically(Action work)
    {
        using var transaction = Begin();
        work();
        Statements.Flush();
        transaction.Commit();
        Statements.Transaction = null;
    }

    /// <summary>All of it or nothing: a log that has ended an epoch and not begun another one would be taken for the former.</summary>
    private void SettleEpoch()
    {
        var fate = SettleFate();
        BegunBecause = fate switch
        {
            EpochFate.FollowedByAnother => "A standby was promoted that every commit had waited for: nothing is lost.",
            EpochFate.Ended => "A standby was promoted that commits had not waited for, or a backup restored.",
            _ => null,
        };
        if (Meta(LogSchema.EpochOver) is { } reason)
            (fate, BegunBecause) = (EpochFate.Ended, reason);
        if (fate != EpochFate.GoesOn)
            StartEpoch(nothingLost: fate == EpochFate.FollowedByAnother);
    }

    private void StartEpoch(bool nothingLost)
    {
        var epoch = Meta("epoch")!;
        if (nothingLost)
        {
            SetMeta("lineage", Meta("lineage") ?? epoch);
            Statements.Execute(
                "INSERT INTO log_epochs (epoch, through) SELECT $1, position FROM log_end WHERE one = 1 ON CONFLICT (epoch) DO NOTHING",
                epoch
            );
        }
        else
        {
            // What was said of former epochs holds no more.
            Statements.Execute("DELETE FROM log_meta WHERE name = 'lineage'");
            Statements.Execute($"DELETE FROM log_meta WHERE name = '{LogSchema.EpochOver}'");
            Statements.Execute("DELETE FROM log_epochs");
            // They name purge ids of the former epoch.
            if (Statements.Query(SqlDialect.Of(Connection).CountTables, row => row.GetInt64(0), "purge_answers")[0] > 0)
                Statements.Execute("DELETE FROM purge_answers");
        }
        SetMeta("epoch", RandomNumberGenerator.GetHexString(32, lowercase: true));
    }

    public static long SizeOf(long payloadLength) => payloadLength + RowOverhead;

    public DbTransaction Begin()
    {
        var transaction = Connection.BeginTransaction();
        Statements.Transaction = transaction;
        return transaction;
    }

    public void Savepoint()
    {
        Statements.Execute("SAVEPOINT work");
        Statements.Flush();
    }

    /// <summary>What the work executed has run when it returns, so that what fails fails with its work.</summary>
    public void Release()
    {
        Statements.Execute("RELEASE SAVEPOINT work");
        Statements.Flush();
    }

    public void RollBackWork()
    {
        Statements.Forget();
        Statements.Execute("ROLLBACK TO SAVEPOINT work");
        Statements.Execute("RELEASE SAVEPOINT work");
        Statements.Flush();
    }

    public void Insert(LogRecord record, byte[] hash, byte[] payload, DateTimeOffset now) =>
        Statements.Execute(
            "INSERT INTO log_records (position, hash, appended_at, payload) VALUES ($1, $2, $3, $4)",
            (long)record.Position,
            hash,
            now.ToUnixTimeMilliseconds(),
            payload
        );

    /// <summary>Moves the counter, in the append's transaction. When the row is not as this session left it somebody else has written: then nothing of the group may stay.</summary>
    public virtual void Write(LogEnd end)
    {
        var moved = Statements.Query(
            $"""
            UPDATE log_end SET position = $1, hash = $2, tail = $3, tail_hash = $4, bytes = $5, commits = $6
            WHERE one = 1 AND commits = $6 - 1 RETURNING {SaidAtTheEnd}
            """,
            ReadAtTheEnd,
            (long)end.Head.Position,
            end.Head.Hash.ToArray(),
            (long)end.Tail.Position,
            end.Tail.Hash.ToArray(),
            end.Bytes,
            end.Commits
        );
        if (moved.Count != 1)
            throw new InvalidDataException($"The log in {Name} was written by another process.");
    }

    public void Write(long propertyId, PropertyPositions positions) =>
        Statements.Execute(
            """
            INSERT INTO log_positions (property_id, last_purge, last_configuration) VALUES ($1, $2, $3)
            ON CONFLICT (property_id) DO UPDATE SET last_purge = excluded.last_purge, last_configuration = excluded.last_configuration
            """,
            propertyId,
            (long)positions.LastPurge,
            (long)positions.LastConfiguration
        );

    public List<OldRecord> Oldest(int most) =>
        Statements.Query(
            "SELECT position, hash, appended_at, length(payload) FROM log_records ORDER BY position LIMIT $1",
            row => new OldRecord(
                new LogHead((ulong)row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                SizeOf(row.GetInt64(3))
            ),
            most
        );

    public void DropThrough(ulong position) => Statements.Execute("DELETE FROM log_records WHERE position <= $1", (long)position);

    public Dictionary<long, PropertyPositions> Positions() =>
        Statements
            .Query(
                "SELECT property_id, last_purge, last_configuration FROM log_positions",
                row => (Id: row.GetInt64(0), At: new PropertyPositions((ulong)row.GetInt64(1), (ulong)row.GetInt64(2)))
            )
            .ToDictionary(row => row.Id, row => row.At);

    /// <summary>Newest records, oldest first, at most so many bytes (at least one when there is one), with the chain between them and up to the head checked.</summary>
    public List<LogRecord> Newest(long mostBytes)
    {
        var records = new List<LogRecord>();
        using var command = Connection.Command("SELECT position, hash, payload FROM log_records ORDER BY position DESC");
        using (var reader = command.ExecuteReader())
        {
            for (var bytes = 0L; bytes < mostBytes && reader.Read(); bytes += SizeOf(records[^1].Payload.Length))
                records.Add(LogReader.Record(reader));
        }
        records.Reverse();
        CheckChain(records);
        return records;
    }

    private void CheckChain(List<LogRecord> newest)
    {
        var last = newest.Count > 0 ? new LogHead(newest[^1].Position, newest[^1].Hash) : End.Tail;
        var sound = last.Position == End.Head.Position && last.Hash.Span.SequenceEqual(End.Head.Hash.Span);
        // The record below the oldest one read is known when it is the tail, else its hash is taken as given.
        for (var i = 0; sound && i < newest.Count; i++)
        {
            if (i == 0 && newest[0].Position != End.Tail.Position + 1)
                continue;
            var (position, hash) = i == 0 ? (End.Tail.Position, End.Tail.Hash) : (newest[i - 1].Position, newest[i - 1].Hash);
            var expected = Chain.Next(hash.Span, newest[i].Position, newest[i].Payload.Span);
            sound = newest[i].Position == position + 1 && CryptographicOperations.FixedTimeEquals(expected, newest[i].Hash.Span);
        }
        if (!sound)
            throw new LogCannotStartException(
                $"The log in {Name} is damaged: its records do not add up to its end at position {End.Head.Position}. Restore a backup."
            );
    }

    private LogEnd ReadEnd() =>
        Statements
            .Query(
                "SELECT position, hash, tail, tail_hash, bytes, commits FROM log_end WHERE one = 1",
                row => new LogEnd(
                    new LogHead((ulong)row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                    new LogHead((ulong)row.GetInt64(2), row.GetFieldValue<byte[]>(3)),
                    row.GetInt64(4),
                    row.GetInt64(5)
                )
            )
            .Single();

    /// <summary>What an engine asks of its database with every group, in the same round trip.</summary>
    protected virtual string SaidAtTheEnd => "commits";

    /// <summary>The answer to it. What it writes is of the group.</summary>
    protected virtual bool ReadAtTheEnd(DbDataReader row) => true;

    /// <summary>What an engine knows of its database that makes a new epoch due. In the transaction that begins one.</summary>
    protected virtual EpochFate SettleFate() => EpochFate.GoesOn;

    protected string? Meta(string name) =>
        Statements.Query("SELECT value FROM log_meta WHERE name = $1", row => row.GetString(0), name).SingleOrDefault();

    protected void SetMeta(string name, string value) =>
        Statements.Execute(
            "INSERT INTO log_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value
        );

    public virtual void Dispose()
    {
        Statements.Dispose();
        Connection.Dispose();
    }
}
