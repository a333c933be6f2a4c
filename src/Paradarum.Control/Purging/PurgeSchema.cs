using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Purging;

/// <summary>
/// The tables of purges (docs/formats/log.md). Both hang on the record: retention takes a purge's row and its remembered answer with it.
/// Times are Unix milliseconds.
/// </summary>
internal static class PurgeSchema
{
    public static readonly SchemaPart Part = new(
        "purging",
        [
            """
            CREATE TABLE purges (
              position INTEGER PRIMARY KEY REFERENCES log_records (position) ON DELETE CASCADE,
              property_id BIGINT NOT NULL, asked_by TEXT NOT NULL, accepted_at BIGINT NOT NULL,
              item_count INTEGER NOT NULL, hostnames INTEGER NOT NULL, shields INTEGER NOT NULL, pops INTEGER NOT NULL,
              accepted_nodes TEXT NOT NULL)
            """,
            """
            CREATE TABLE purge_answers (
              property_id BIGINT NOT NULL, idempotency_key TEXT NOT NULL, digest BLOB NOT NULL, answered_at BIGINT NOT NULL,
              position BIGINT NOT NULL REFERENCES log_records (position) ON DELETE CASCADE, answer BLOB NOT NULL,
              PRIMARY KEY (property_id, idempotency_key))
            """,
            "CREATE INDEX purge_answers_by_position ON purge_answers (position)",
            "CREATE INDEX purge_answers_by_time ON purge_answers (answered_at)",
            // What was accepted before types were kept counts as of every type.
            "ALTER TABLE purges ADD COLUMN types INTEGER NOT NULL DEFAULT 15",
            "ALTER TABLE purges ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0",
            """
            UPDATE purges SET ordinal = placed.ordinal
            FROM (SELECT position, row_number() OVER (PARTITION BY property_id ORDER BY position) AS ordinal FROM purges) AS placed
            WHERE placed.position = purges.position
            """,
            "CREATE INDEX purges_by_property ON purges (property_id, position, ordinal, types)",
            // For the audit trail. What was accepted before is the operator's alone to see there.
            "ALTER TABLE purges ADD COLUMN account_id BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE purges ADD COLUMN address TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE purges ADD COLUMN request_id TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX purges_by_account ON purges (account_id, position)",
        ]
    );
}
