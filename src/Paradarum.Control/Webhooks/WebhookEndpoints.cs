using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Catalogue;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Webhooks;

/// <param name="Secret">Shown this once, and only when it was made here; null when the caller sent its own.</param>
internal sealed record NewWebhook(long Id, string Url, string? Secret, DateTimeOffset CreatedAt);

/// <param name="Pending">Deliveries that are still to arrive.</param>
/// <param name="Dropped">Deliveries that were given up.</param>
internal sealed record ListedWebhook(
    long Id,
    string Url,
    DateTimeOffset CreatedAt,
    long Pending,
    long Dropped,
    DateTimeOffset? LastAttemptAt,
    string? LastResult
);

/// <summary>Webhooks of a property (contract part 2; docs/formats/webhooks.md).</summary>
internal static class WebhookEndpoints
{
    private const string Made = "Webhook created successfully. Store its secret now: it is not shown again.";
    private const string ShownUrl = "https://hooks.example.com/paradarum";

    public static IServiceCollection AddWebhooks(this IServiceCollection services, WebhookOptions options) =>
        services
            .AddSingleton(options)
            .AddSingleton<WebhookDirectory>()
            .AddSingleton(provider => new WebhookSender(options, provider.GetRequiredService<TimeProvider>()))
            .AddHostedService<WebhookQueue>();

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var webhooks = routes.MapGroup("/api/property/{id}/webhooks").WithTags("Webhooks");
        webhooks
            .MapPost("", Create)
            .WithSummary("Be told of purges of the property when they are complete")
            .Reads("WebhookRequest", new { url = "string", secret = "string?" }, new { url = ShownUrl })
            .Produces<Envelope<NewWebhook>>(StatusCodes.Status201Created)
            .Shows(Made, new NewWebhook(3, ShownUrl, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ApiExamples.Earlier))
            .Refuses(404);
        webhooks
            .MapGet("", List)
            .WithSummary("List the property's webhooks and how their deliveries fare; secrets are not shown")
            .ProducesPage<ListedWebhook>()
            .Shows(
                "Webhooks retrieved successfully.",
                new ListedWebhook(3, ShownUrl, ApiExamples.Earlier, Pending: 0, Dropped: 0, ApiExamples.Now, "200")
            )
            .Refuses(404);
        webhooks
            .MapDelete("{webhookId}", Delete)
            .WithSummary("Delete a webhook with what was still to be delivered")
            .Produces<Envelope<object>>()
            .Shows("Webhook deleted successfully.")
            .Refuses(404, "Webhook not found.");
    }

    internal static async Task<IResult> Create(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        WebhookDirectory directory,
        WebhookOptions options,
        CancellationToken stop
    )
    {
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!opened.Body.Text("url").Ok(out var sentUrl, out refusal) || !opened.Body.Text("secret").Ok(out var sentSecret, out refusal))
            return refusal.ToAnswer();
        if (!WebhookTarget.Parse(sentUrl, options.AllowPrivateAddresses).Ok(out var url, out refusal))
            return refusal.ToAnswer();
        string? made = null;
        if (!(sentSecret is null ? WebhookSecret.Generate(out made) : WebhookSecret.Parse(sentSecret)).Ok(out var secret, out refusal))
            return refusal.ToAnswer();
        return (await directory.CreateAsync(caller, opened.Property, url, secret, stop)).Ok(out var webhook, out refusal)
            ? Answer.Created(
                made is null ? "Webhook created successfully." : Made,
                new NewWebhook(webhook.Id, webhook.Url.AbsoluteUri, made, webhook.CreatedAt)
            )
            : refusal.ToAnswer();
    }

    internal static IResult List(
        string id,
        PageRequest page,
        Caller caller,
        PropertyCatalogue catalogue,
        WebhookDirectory directory,
        LogReaders readers
    )
    {
        if (!catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        var listed = readers.Read(reader =>
            directory.Of(property.Id).Select(webhook => Listed(webhook, WebhookStore.Health(reader, webhook.Id))).ToList()
        );
        return Answer.Page("Webhooks retrieved successfully.", page, listed);
    }

    internal static async Task<IResult> Delete(
        string id,
        string webhookId,
        Caller caller,
        PropertyCatalogue catalogue,
        WebhookDirectory directory,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return (await directory.DeleteAsync(caller, property, PathId.Read(webhookId), stop)).Ok(out _, out refusal)
            ? Answer.Ok("Webhook deleted successfully.")
            : refusal.ToAnswer();
    }

    private static ListedWebhook Listed(Webhook webhook, WebhookHealth health) =>
        new(
            webhook.Id,
            webhook.Url.AbsoluteUri,
            webhook.CreatedAt,
            health.Pending,
            health.Dropped,
            health.LastAttemptAt,
            health.LastResult
        );
}
