using System.Collections.Concurrent;
using System.Collections.Immutable;
using Paradarum.Control.Access;
using Paradarum.Control.Audit;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Webhooks;

/// <summary>Which webhooks there are: in memory, changed on the writer's thread after the flush that made a change durable.</summary>
internal sealed class WebhookDirectory(LogWriter writer, PurgeProgress progress)
{
    public const int MostOfProperty = 10;

    private static readonly Refusal TooMany = Refusal.Malformed($"At most {MostOfProperty} webhooks per property.");
    private static readonly Refusal Unknown = Refusal.NotFound("Webhook not found.");

    private volatile ImmutableDictionary<long, Webhook> _all = ImmutableDictionary<long, Webhook>.Empty;

    public IEnumerable<Webhook> All => _all.Values;

    /// <summary>Up to where each has been told, or queued to be told. Used by the queue alone once it runs.</summary>
    public ConcurrentDictionary<long, ulong> Through { get; } = new();

    public Wake Changed { get; } = new();

    public bool Contains(long id) => _all.ContainsKey(id);

    public IReadOnlyList<Webhook> Of(long propertyId) =>
        [.. _all.Values.Where(webhook => webhook.PropertyId == propertyId).OrderBy(webhook => webhook.Id)];

    public Task LoadAsync(CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                foreach (var (webhook, through) in WebhookStore.All(write))
                {
                    Through[webhook.Id] = through;
                    _all = _all.SetItem(webhook.Id, webhook);
                }
                return _all.Count;
            },
            stop
        );

    /// <summary>Hears of every purge of the property that is not complete yet.</summary>
    public Task<Result<Webhook>> CreateAsync(
        Caller caller,
        CatalogueProperty property,
        Uri url,
        WebhookSecret secret,
        CancellationToken stop
    ) =>
        writer.WriteAsync<Result<Webhook>>(
            write =>
            {
                if (
                    write.Query("SELECT 1 FROM webhooks WHERE property_id = $1", row => row.GetInt64(0), property.Id).Count
                    >= MostOfProperty
                )
                    return TooMany;
                var through = progress.Frontiers.Complete;
                var webhook = WebhookStore.Insert(write, property.Id, url, secret, through);
                Trace(write, caller, property, "created", webhook);
                write.AfterFlush(() =>
                {
                    Through[webhook.Id] = through;
                    _all = _all.SetItem(webhook.Id, webhook);
                    Changed.Set();
                });
                return webhook;
            },
            stop
        );

    /// <summary>With what was still to be delivered. 404 also for one of another property.</summary>
    public Task<Result<Webhook>> DeleteAsync(Caller caller, CatalogueProperty property, long id, CancellationToken stop) =>
        writer.WriteAsync<Result<Webhook>>(
            write =>
            {
                if (!_all.TryGetValue(id, out var webhook) || webhook.PropertyId != property.Id)
                    return Unknown;
                Delete(write, id);
                Trace(write, caller, property, "deleted", webhook);
                return webhook;
            },
            stop
        );

    /// <summary>Forgets one whose property is gone: that it went is told with the property.</summary>
    public Task ForgetAsync(long id, CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                Delete(write, id);
                return true;
            },
            stop
        );

    private void Delete(LogWrite write, long id)
    {
        WebhookStore.Delete(write, id);
        write.AfterFlush(() =>
        {
            _all = _all.Remove(id);
            Through.TryRemove(id, out _);
            Changed.Set();
        });
    }

    /// <summary>Of the URL only where it leads: path and query of many receivers are what lets one in.</summary>
    private static void Trace(LogWrite write, Caller caller, CatalogueProperty property, string action, Webhook webhook) =>
        AuditTrail.Append(
            write,
            caller.Actor,
            new AuditChange(AuditTypes.Webhook, action, property.AccountId)
            {
                PropertyId = property.Id,
                Subject = webhook.Url.GetLeftPart(UriPartial.Authority),
            }
        );
}
