namespace Paradarum.Control.Webhooks;

/// <summary>What the operator lets webhooks do.</summary>
internal sealed record WebhookOptions
{
    /// <summary>Whether deliveries may go to private, loopback and other closed addresses. Default no: any account could then reach what only this machine can.</summary>
    public bool AllowPrivateAddresses { get; init; }
}
