using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Fleet;

/// <summary>The fleet's tables in the one database (docs/formats/fleet.md). Times are Unix milliseconds, lengths milliseconds.</summary>
internal static class FleetSchema
{
    public static readonly SchemaPart Part = new(
        "fleet",
        [
            "CREATE TABLE fleet_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            """
            CREATE TABLE fleet_nodes (
              id TEXT PRIMARY KEY, name TEXT NOT NULL, role INTEGER NOT NULL, created_at BIGINT NOT NULL,
              enabled INTEGER NOT NULL, leaving INTEGER NOT NULL, left_at BIGINT,
              enrolment_digest BLOB, credential_digest BLOB, url TEXT NOT NULL,
              healthy INTEGER NOT NULL, ever_applied BIGINT NOT NULL)
            """,
            """
            CREATE TABLE fleet_instances (
              node_id TEXT NOT NULL, instance_id TEXT NOT NULL, boot_id TEXT NOT NULL, folder_id TEXT NOT NULL, started_at BIGINT NOT NULL,
              latest INTEGER NOT NULL, PRIMARY KEY (node_id, instance_id))
            """,
            "CREATE TABLE fleet_completions (through BIGINT PRIMARY KEY, completed_at BIGINT NOT NULL, fenced TEXT NOT NULL)",
            "CREATE TABLE fleet_acks (through BIGINT NOT NULL, written INTEGER NOT NULL, after BIGINT NOT NULL, ranges TEXT NOT NULL, PRIMARY KEY (through, written))",
            """
            CREATE TABLE fleet_counts (
              position BIGINT NOT NULL, node_id TEXT NOT NULL, objects BIGINT NOT NULL, bytes BIGINT NOT NULL,
              reclaimed_objects BIGINT NOT NULL, reclaimed_bytes BIGINT NOT NULL, widened INTEGER NOT NULL, final INTEGER NOT NULL,
              PRIMARY KEY (position, node_id))
            """,
            "ALTER TABLE fleet_nodes RENAME COLUMN ever_applied TO applied_through",
            "ALTER TABLE fleet_nodes ADD COLUMN final_through BIGINT NOT NULL DEFAULT 0",
        ]
    );
}
