using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Audit;

/// <summary>
/// Writes who did what, in the transaction of what was done: neither is durable without the other. Bounded account by account, so that nobody's entries drive out
/// another's (docs/decisions/audit.md). All times are Unix milliseconds.
/// </summary>
internal static class AuditTrail
{
    /// <summary>Entries of one account.</summary>
    public const int MostOfAccount = 10_000;

    /// <summary>Refused sign-ins of one account, and of nobody's: kept apart, because whoever guesses passwords makes as many as he likes.</summary>
    public const int MostRefused = 1_000;

    /// <summary>Bytes of one account's entries.</summary>
    public const long MostBytes = 32L << 20;

    /// <summary>How long an entry is kept: longer than a year, so that last year's season can be looked up in this one's.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(400);

    // More than one entry adds, so that what is over a bound goes away although nothing else looks for it.
    private const int DroppedAtOnce = 8;

    public static readonly SchemaPart Part = new(
        "audit",
        [
            """
            CREATE TABLE audit (
              seq INTEGER PRIMARY KEY, position BIGINT NOT NULL, at BIGINT NOT NULL,
              account_id BIGINT NOT NULL, refused INTEGER NOT NULL, ordinal BIGINT NOT NULL, through_bytes BIGINT NOT NULL,
              property_id BIGINT, type TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
              actor_account BIGINT NOT NULL, actor TEXT NOT NULL, address TEXT NOT NULL, request_id TEXT NOT NULL,
              before TEXT, after TEXT)
            """,
            "CREATE INDEX audit_by_bound ON audit (account_id, refused, seq)",
            "CREATE INDEX audit_by_account ON audit (account_id, position, seq)",
            "CREATE INDEX audit_by_position ON audit (position, seq)",
        ]
    );

    /// <summary>
    /// Adds an entry. Call it as the last thing of a change: the entry stands behind the records that the change has appended. A change that left everything as it was
    /// leaves no entry.
    /// </summary>
    public static void Append(LogWrite write, AuditActor actor, AuditChange change)
    {
        var (before, after) = AuditJson.Difference(change.Before, change.After);
        if (change.Before is not null && change.After is not null && before is null && after is null)
            return;
        var refused = change.Refused ? 1 : 0;
        var last = write
            .Query(
                "SELECT ordinal, through_bytes FROM audit WHERE account_id = $1 AND refused = $2 ORDER BY seq DESC LIMIT 1",
                row => (Ordinal: row.GetInt64(0), Through: row.GetInt64(1)),
                change.AccountId,
                refused
            )
            .SingleOrDefault();
        var (ordinal, through) = (last.Ordinal + 1, last.Through + SizeOf(change, before, after));
        write.Execute(
            """
            INSERT INTO audit (seq, position, at, account_id, refused, ordinal, through_bytes, property_id, type, action, subject,
              actor_account, actor, address, request_id, before, after)
            VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM audit), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            """,
            (long)write.Head.Position,
            write.Now.ToUnixTimeMilliseconds(),
            change.AccountId,
            refused,
            ordinal,
            through,
            change.PropertyId,
            change.Type,
            change.Action,
            change.Subject,
            actor.AccountId,
            actor.Name,
            actor.Source.Address,
            actor.Source.RequestId,
            before,
            after
        );
        DropOld(write, change.AccountId, refused, ordinal, through);
    }

    private static void DropOld(LogWrite write, long accountId, int refused, long ordinal, long through)
    {
        var most = refused == 1 ? MostRefused : MostOfAccount;
        var since = (write.Now - KeptFor).ToUnixTimeMilliseconds();
        var oldest = write.Query(
            "SELECT seq, ordinal, through_bytes, at FROM audit WHERE account_id = $1 AND refused = $2 ORDER BY seq LIMIT $3",
            row => (Seq: row.GetInt64(0), Ordinal: row.GetInt64(1), Through: row.GetInt64(2), At: row.GetInt64(3)),
            accountId,
            refused,
            DroppedAtOnce
        );
        foreach (var entry in oldest)
        {
            // The newest stays whatever it is.
            if (entry.Ordinal < ordinal && (entry.Ordinal <= ordinal - most || through - entry.Through >= MostBytes || entry.At < since))
                write.Execute("DELETE FROM audit WHERE seq = $1", entry.Seq);
        }
    }

    private static long SizeOf(AuditChange change, string? before, string? after) =>
        200 + change.Subject.Length + (before?.Length ?? 0) + (after?.Length ?? 0);
}
