using System.Data.Common;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Webhooks;

/// <summary>The rows of webhooks: statements only. Writes run inside the log's writer.</summary>
internal static class WebhookStore
{
    public static List<(Webhook Webhook, ulong Through)> All(LogWrite write) =>
        write.Query(
            "SELECT id, property_id, url, secret, created_at, through FROM webhooks",
            row =>
                (
                    new Webhook(
                        row.GetInt64(0),
                        row.GetInt64(1),
                        new Uri(row.GetString(2)),
                        new WebhookSecret(row.GetFieldValue<byte[]>(3)),
                        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4))
                    ),
                    (ulong)row.GetInt64(5)
                )
        );

    public static Webhook Insert(LogWrite write, long propertyId, Uri url, WebhookSecret secret, ulong through)
    {
        var id = write.Query(
            """
            INSERT INTO webhooks (property_id, url, secret, created_at, through, dropped) VALUES ($1, $2, $3, $4, $5, 0) RETURNING id
            """,
            row => row.GetInt64(0),
            propertyId,
            url.AbsoluteUri,
            secret.Key.ToArray(),
            write.Now.ToUnixTimeMilliseconds(),
            (long)through
        )[0];
        return new Webhook(id, propertyId, url, secret, DateTimeOffset.FromUnixTimeMilliseconds(write.Now.ToUnixTimeMilliseconds()));
    }

    /// <summary>With everything that was still to be delivered.</summary>
    public static void Delete(LogWrite write, long id) => write.Execute("DELETE FROM webhooks WHERE id = $1", id);

    /// <summary>Queues announcements of everything up to a position. Beyond <paramref name="most"/> that wait, new ones are dropped and counted.</summary>
    public static void Queue(LogWrite write, long webhookId, IReadOnlyList<Delivery> deliveries, ulong through, long most)
    {
        if (write.Query("SELECT 1 FROM webhooks WHERE id = $1", row => row.GetInt64(0), webhookId).Count == 0)
            return; // deleted meanwhile
        var room =
            most - write.Query("SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1", row => row.GetInt64(0), webhookId)[0];
        foreach (var delivery in deliveries.Take((int)Math.Max(0, room)))
            write.Execute(
                "INSERT INTO webhook_deliveries (id, webhook_id, body, created_at, attempts, due_at) VALUES ($1, $2, $3, $4, 0, $4)",
                delivery.Id,
                webhookId,
                delivery.Body.ToArray(),
                delivery.CreatedAt.ToUnixTimeMilliseconds()
            );
        write.Execute(
            "UPDATE webhooks SET through = $2, dropped = dropped + $3 WHERE id = $1",
            webhookId,
            (long)through,
            Math.Max(0, deliveries.Count - Math.Max(0, room))
        );
    }

    public static void Attempted(LogWrite write, long webhookId, Delivery delivery, AttemptResult result)
    {
        var attempts = delivery.Attempts + 1;
        var due = write.Now + Backoff.After(attempts);
        var givenUp = !result.IsDelivered && due - delivery.CreatedAt > Backoff.GiveUpAfter;
        if (result.IsDelivered || givenUp)
            write.Execute("DELETE FROM webhook_deliveries WHERE id = $1", delivery.Id);
        else
            write.Execute(
                "UPDATE webhook_deliveries SET attempts = $2, due_at = $3 WHERE id = $1",
                delivery.Id,
                attempts,
                due.ToUnixTimeMilliseconds()
            );
        write.Execute(
            "UPDATE webhooks SET last_attempt_at = $2, last_result = $3, dropped = dropped + $4 WHERE id = $1",
            webhookId,
            write.Now.ToUnixTimeMilliseconds(),
            result.Text,
            givenUp ? 1 : 0
        );
    }

    /// <summary>Oldest first.</summary>
    public static List<Delivery> Due(DbConnection reader, long webhookId, DateTimeOffset now, int most) =>
        reader.Rows(
            "SELECT id, body, created_at, attempts FROM webhook_deliveries WHERE webhook_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
            row => new Delivery(
                row.GetString(0),
                row.GetFieldValue<byte[]>(1),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                row.GetInt32(3)
            ),
            webhookId,
            now.ToUnixTimeMilliseconds(),
            most
        );

    /// <summary>When the next one is due; null when none waits.</summary>
    public static DateTimeOffset? NextDue(DbConnection reader, long webhookId) =>
        reader
            .Rows(
                "SELECT due_at FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY due_at LIMIT 1",
                row => (DateTimeOffset?)DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)),
                webhookId
            )
            .SingleOrDefault();

    public static WebhookHealth Health(DbConnection reader, long webhookId) =>
        reader
            .Rows(
                "SELECT (SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1), dropped, last_attempt_at, last_result FROM webhooks WHERE id = $1",
                row => new WebhookHealth(
                    row.GetInt64(0),
                    row.GetInt64(1),
                    row.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                    row.IsDBNull(3) ? null : row.GetString(3)
                ),
                webhookId
            )
            .SingleOrDefault()
        ?? new WebhookHealth(0, 0, null, null);
}
