namespace Paradarum.Control.Webhooks;

/// <summary>Where an account wants to hear of complete purges of one property.</summary>
internal sealed record Webhook(long Id, long PropertyId, Uri Url, WebhookSecret Secret, DateTimeOffset CreatedAt);

/// <summary>One announcement to one webhook; the same id and bytes at every attempt.</summary>
/// <param name="Attempts">So far.</param>
internal sealed record Delivery(string Id, ReadOnlyMemory<byte> Body, DateTimeOffset CreatedAt, int Attempts);

/// <summary>How deliveries of one webhook fare, for its account.</summary>
/// <param name="Dropped">Given up after 24 h, or too many waited.</param>
internal sealed record WebhookHealth(long Pending, long Dropped, DateTimeOffset? LastAttemptAt, string? LastResult);
