using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Purging;

/// <summary>Purges and their receipts (contract 1.1 to 1.4 and part 2).</summary>
internal static class PurgeEndpoints
{
    private const string KeyHelp =
        "1 to 64 visible ASCII characters, scoped to the property. The same key with the same body within 24 h gets the first answer and queues nothing; with another body it is 409.";
    private const string LocationHelp = "Path of the purge's receipt.";

    private const string PreviewMessage = "Nothing was purged. This is what a purge would remove.";
    private const string ReceiptMessage = "Purge retrieved successfully.";

    private static readonly Refusal NoReceipt = Refusal.NotFound("Purge not found.");

    /// <param name="services">Where <see cref="LogWriter"/> (opened with <see cref="PurgeSchema.Part"/>) and <see cref="PurgeProgress"/> are too.</param>
    /// <param name="census">Who counts for a purge accepted now; called per request, so it must be cheap.</param>
    public static IServiceCollection AddPurging(this IServiceCollection services, Func<FleetCensus> census) =>
        services
            .AddSingleton<PurgeMeter>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<PurgeDesk>(provider, census))
            .AddSingleton<AppendsSystemPurge>(provider => provider.GetRequiredService<PurgeDesk>().AppendSystem)
            .AddSingleton<PurgeReceipts>()
            .AddSingleton<PurgeHistory>()
            .AddSingleton<PurgePreview>()
            .AddSingleton<PurgeWatches>()
            .AddHostedService(provider => provider.GetRequiredService<PurgeWatches>());

    /// <summary>After routing, before every guard.</summary>
    public static void UsePurging(this IApplicationBuilder app) => app.Use(CountedAsPurge.CountAsync);

    public static void MapPurging(this IEndpointRouteBuilder routes)
    {
        // The id is text here: what is no positive integer is an unknown property, not an unknown route.
        var property = routes.MapGroup("/api/property/{id}").WithTags("Purging");
        property
            .MapPost("/purge", PurgeOne)
            .WithSummary("Queue one purge for every active hostname")
            .Reads(
                "PurgeRequest",
                new
                {
                    type = "string",
                    value = "string?",
                    matchType = "string?",
                },
                PurgeExamples.Request
            )
            .TakesHeader(IdempotencyKey.Header, KeyHelp)
            .Produces<Envelope<PurgeAnswer>>()
            .Shows(PurgeExamples.AcceptedMessage, PurgeExamples.Accepted)
            .Answers(HeaderNames.Location, LocationHelp)
            .Refuses(400, PurgeExamples.Malformed)
            .Refuses(403, PurgeExamples.Disabled)
            .Refuses(404)
            .Refuses(409, PurgeDesk.KeyUsed.Message)
            .Refuses(500, PurgeDesk.NoNodes.Message)
            .WithMetadata(CountedAsPurge.Mark)
            .AllowPurgeScope();
        property
            .MapPost("/purge/batch", PurgeBatch)
            .WithSummary("Queue many purges as one")
            .Reads("PurgeBatchRequest", new { items = "PurgeRequest[]" }, PurgeExamples.Batch)
            .TakesHeader(IdempotencyKey.Header, KeyHelp)
            .Produces<Envelope<BatchAnswer>>()
            .Shows(PurgeExamples.BatchMessage, PurgeExamples.BatchAccepted)
            .Answers(HeaderNames.Location, LocationHelp)
            .Refuses(400, "At least one purge item is required.")
            .Refuses(403, PurgeExamples.Disabled)
            .Refuses(404)
            .Refuses(409, PurgeDesk.KeyUsed.Message)
            .Refuses(500, PurgeDesk.NoNodes.Message)
            .WithMetadata(CountedAsPurge.Mark)
            .AllowPurgeScope();
        property
            .MapPost("/purge/preview", Preview)
            .WithSummary("What a purge or a batch would remove; queues nothing")
            .Reads(
                "PurgePreviewRequest",
                new
                {
                    type = "string?",
                    value = "string?",
                    matchType = "string?",
                    items = "PurgeRequest[]?",
                },
                PurgeExamples.Request
            )
            .Produces<Envelope<PreviewAnswer>>()
            .Shows(PreviewMessage, PurgeExamples.Preview)
            .Refuses(400, PurgeExamples.Malformed)
            .Refuses(403, PurgeExamples.Disabled)
            .Refuses(404)
            .AllowPurgeScope();
        property
            .MapGet("/purge", History)
            .WithSummary("Purges of the property, newest first, those that changes of it made included")
            .TakesQuery("type", "Only purges that hold an item of this type.", HistoryFilter.TypeNames)
            .TakesQuery("state", "Only purges that are this far.", HistoryFilter.StateNames)
            .ProducesPage<PurgeListItem>()
            .Shows("Purges retrieved successfully.", PurgeExamples.Listed)
            .Refuses(400, "State 'done' is not supported. Use queued, shields, pops or complete.")
            .Refuses(404)
            .AllowPurgeScope();
        property
            .MapGet("/purge/{purgeId}/events", Events)
            .WithSummary(
                "The same as events, as they come: state and node, the last one complete; Last-Event-ID goes on after what was seen"
            )
            .TakesHeader("Last-Event-ID", "The id of the last event that was received.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .Refuses(404, NoReceipt.Message)
            .AllowPurgeScope();
        property
            .MapGet("/purge/{purgeId}", Receipt)
            .WithSummary("How far a purge has come, node by node")
            .TakesQuery(
                "wait",
                "Answer as soon as the purge is complete, at the latest after this long: whole seconds or milliseconds such as 30s or 500ms, at most 60s."
            )
            .Produces<Envelope<PurgeReceipt>>()
            .Shows(ReceiptMessage, PurgeExamples.Receipt)
            .Refuses(400, "Wait must be whole seconds or milliseconds, such as 30s or 500ms, and at most 60s.")
            .Refuses(404, NoReceipt.Message)
            .AllowPurgeScope();
    }

    internal static Task<IResult> PurgeOne(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PurgeDesk desk,
        CancellationToken stop
    ) => AcceptAsync(id, request, caller, door, desk, PurgeForm.One, stop);

    internal static Task<IResult> PurgeBatch(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PurgeDesk desk,
        CancellationToken stop
    ) => AcceptAsync(id, request, caller, door, desk, PurgeForm.Batch, stop);

    private static async Task<IResult> AcceptAsync(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PurgeDesk desk,
        PurgeForm form,
        CancellationToken stop
    )
    {
        // Guards in the contract's order (1.3): whose property, may it change, then what was asked.
        if (!(await door.OpenAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!PurgeReader.Read(opened.Body, form, out var rejected).Ok(out var order, out refusal))
            return rejected is null ? refusal.ToAnswer() : refusal.ToAnswer(rejected);
        var endpoint = form == PurgeForm.Batch ? "purge/batch" : "purge";
        if (!IdempotencyKey.Read(request.Headers[IdempotencyKey.Header], endpoint, opened.Body.Span).Ok(out var key, out refusal))
            return refusal.ToAnswer();

        // On disk before the caller hears 200: "accepted" must survive a power cut.
        var queued = await desk.AcceptAsync(caller, opened.Property, order, key, stop);
        return queued.Ok(out var accepted, out refusal) ? new AcceptedAnswer(opened.Property.Id, accepted) : refusal.ToAnswer();
    }

    internal static async Task<IResult> Preview(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PurgePreview preview,
        CancellationToken stop
    )
    {
        if (!(await door.OpenAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!JsonBody.ParseObject(opened.Body).Ok(out var fields, out refusal))
            return refusal.ToAnswer();
        // Items make it a batch, of whatever kind they are: the batch's own sentence says what is wrong with them.
        var form = fields.List("items", 1).Ok(out var items, out _) && items is null ? PurgeForm.One : PurgeForm.Batch;
        if (!PurgeReader.Read(opened.Body, form, out var rejected).Ok(out var order, out refusal))
            return rejected is null ? refusal.ToAnswer() : refusal.ToAnswer(rejected);
        return (await preview.PreviewAsync(opened.Property.Id, order, stop)).Ok(out var answer, out refusal)
            ? Answer.Ok(PreviewMessage, answer)
            : refusal.ToAnswer();
    }

    internal static IResult History(
        string id,
        HttpRequest request,
        PageRequest page,
        Caller caller,
        PropertyCatalogue catalogue,
        PurgeHistory history
    )
    {
        if (!catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return HistoryFilter.Parse(request.Query["type"], request.Query["state"]).Ok(out var filter, out refusal)
            ? history.Read(property.Id, filter, page)
            : refusal.ToAnswer();
    }

    internal static IResult Events(
        string id,
        string purgeId,
        Caller caller,
        PropertyCatalogue catalogue,
        PurgeReceipts receipts,
        PurgeWatches watches,
        KeyRing keys,
        IHostApplicationLifetime host,
        TimeProvider time
    )
    {
        if (!catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        if (receipts.Find(property.Id, purgeId) is not { } row)
            return NoReceipt.ToAnswer();
        return watches.Join(property.Id, purgeId, row).Ok(out var watch, out refusal)
            ? new PurgeEvents(watches, property.Id, purgeId, watch, caller, keys, time, host.ApplicationStopping)
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Receipt(
        string id,
        string purgeId,
        HttpRequest request,
        Caller caller,
        PropertyCatalogue catalogue,
        PurgeReceipts receipts,
        CancellationToken stop
    )
    {
        // Readable while the property is disabled: what was accepted runs on.
        if (!catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        if (receipts.Find(property.Id, purgeId) is not { } row)
            return NoReceipt.ToAnswer();
        if (!ReceiptWait.Parse(request.Query["wait"]).Ok(out var wait, out refusal))
            return refusal.ToAnswer();
        return Answer.Ok(ReceiptMessage, await receipts.ReadAsync(property.Id, purgeId, row, wait, stop));
    }
}

/// <summary>200 with the bytes that were made, and kept, when the purge was accepted.</summary>
internal sealed class AcceptedAnswer(long propertyId, AcceptedPurge accepted) : IResult, IStatusCodeHttpResult
{
    int? IStatusCodeHttpResult.StatusCode => StatusCodes.Status200OK;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.Location = $"/api/property/{propertyId}/purge/{accepted.PurgeId}";
        return Answer.WriteBytesAsync(httpContext, StatusCodes.Status200OK, accepted.Body);
    }
}
