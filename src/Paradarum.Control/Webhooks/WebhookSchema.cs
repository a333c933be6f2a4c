using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Webhooks;

/// <summary>The tables of webhooks (docs/formats/webhooks.md). Times are Unix milliseconds.</summary>
internal static class WebhookSchema
{
    public static readonly SchemaPart Part = new(
        "webhooks",
        [
            """
            CREATE TABLE webhooks (
              id INTEGER PRIMARY KEY AUTOINCREMENT, property_id BIGINT NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL, created_at BIGINT NOT NULL,
              through BIGINT NOT NULL, dropped BIGINT NOT NULL, last_attempt_at BIGINT, last_result TEXT)
            """,
            """
            CREATE TABLE webhook_deliveries (
              id TEXT PRIMARY KEY, webhook_id BIGINT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE, body BLOB NOT NULL,
              created_at BIGINT NOT NULL, attempts INTEGER NOT NULL, due_at BIGINT NOT NULL)
            """,
            "CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (webhook_id, due_at)",
        ]
    );
}
