using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>Properties of the caller's account (contract part 3).</summary>
internal static class PropertyEndpoints
{
    /// <summary>More than anyone fails over to; keeps a configuration record small.</summary>
    internal const int MostOrigins = 32;

    private static readonly Refusal Restricted = new(RefusalKind.Forbidden, "A restricted API key may not create properties.");

    public static void MapProperties(this IEndpointRouteBuilder routes)
    {
        var properties = routes.MapGroup("/api/property").WithTags("Catalogue");
        properties
            .MapGet("", List)
            .WithSummary("List the account's properties")
            .ProducesPage<PropertyItem>()
            .Shows("Properties retrieved successfully.", Shown);
        properties
            .MapPost("", Create)
            .WithSummary("Create a property with its system hostname")
            .Reads(
                "PropertyRequest",
                new
                {
                    name = "string",
                    preset = "string?",
                    origins = new[]
                    {
                        new
                        {
                            host = "string",
                            hostHeader = "string?",
                            sslVerify = "boolean?",
                        },
                    },
                },
                new
                {
                    name = "my-shop",
                    preset = "wordpress",
                    origins = new[] { new { host = "https://origin.example.com", hostHeader = "www.example.com" } },
                }
            )
            .Produces<Envelope<PropertyItem>>(StatusCodes.Status201Created)
            .Shows("Property created successfully.", Shown)
            .Answers(HeaderNames.Location, "Path of the property.")
            .Refuses(409, "A property named 'my-shop' already exists.");
        properties
            .MapGet("{id}", Read)
            .WithSummary("Read one property")
            .Produces<Envelope<PropertyDetail>>()
            .Shows("Property retrieved successfully.", ShownWhole)
            .Refuses(404);
        properties
            .MapPut("{id}", Update)
            .WithSummary("Replace a property's origins, and disable or enable it; without a status that stays as it is")
            .Reads(
                "PropertyUpdateRequest",
                new
                {
                    name = "string?",
                    status = "integer?",
                    origins = new[]
                    {
                        new
                        {
                            host = "string",
                            hostHeader = "string?",
                            sslVerify = "boolean?",
                        },
                    },
                },
                new { status = 0, origins = new[] { new { host = "https://origin.example.com", hostHeader = "www.example.com" } } }
            )
            .Produces<Envelope<PropertyDetail>>()
            .Shows("Property updated successfully.", ShownWhole)
            .Refuses(404);
        properties
            .MapDelete("{id}", Delete)
            .WithSummary("Delete a property and purge all of it")
            .Produces<Envelope<object>>()
            .Shows("Property deleted successfully.")
            .Refuses(404);
    }

    private static PropertyItem Shown => new(7, "my-shop", 0, ApiExamples.Earlier);

    private static PropertyDetail ShownWhole =>
        new(
            Shown.Id,
            Shown.Name,
            Shown.Status,
            Shown.CreatedAt,
            [HostnameEndpoints.Shown],
            [new OriginItem("https://origin.example.com:443", "www.example.com", SslVerify: true)]
        );

    internal static IResult List(PageRequest page, Caller caller, PropertyCatalogue catalogue) =>
        Answer.Page("Properties retrieved successfully.", page, [.. catalogue.Of(caller).Select(Item)]);

    internal static IResult Read(string id, Caller caller, PropertyCatalogue catalogue) =>
        catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal)
            ? Answer.Ok("Property retrieved successfully.", Detail(property))
            : refusal.ToAnswer();

    internal static async Task<IResult> Create(HttpRequest request, Caller caller, PropertyChanges changes, CancellationToken stop)
    {
        // A key for some properties could else make itself one more.
        if (!caller.OnlyProperties.IsDefault)
            return Restricted.ToAnswer();
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!Order(body).Ok(out var order, out refusal))
            return refusal.ToAnswer();
        return (await changes.CreateAsync(caller, order, stop)).Ok(out var made, out refusal)
            ? Answer.Created(
                "Property created successfully.",
                Item(made),
                string.Create(CultureInfo.InvariantCulture, $"/api/property/{made.Id}")
            )
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Update(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!(await door.OpenObjectForEnablingAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!UpdateOf(opened.Body, opened.Property).Ok(out var update, out refusal))
            return refusal.ToAnswer();
        return (await changes.UpdateAsync(caller, opened.Property.Id, update, stop)).Ok(out var changed, out refusal)
            ? Answer.Ok("Property updated successfully.", Detail(changed))
            : refusal.ToAnswer();
    }

    private static Result<PropertyUpdate> UpdateOf(JsonFields body, CatalogueProperty property)
    {
        if (!body.Text("name").Ok(out var name, out var refusal) || !body.Number("status").Ok(out var status, out refusal))
            return refusal;
        if (name is not null && !string.Equals(name, property.Configuration.Name, StringComparison.Ordinal))
            return Refusal.Malformed("The name of a property cannot be changed.");
        if (status is not (null or (long)PropertyState.Active or (long)PropertyState.Disabled))
            return Refusal.Malformed("Status must be 0 (Active) or 2 (Disabled).");
        return Origins(body).Ok(out var origins, out refusal) ? new PropertyUpdate(origins, (PropertyState?)status) : refusal;
    }

    internal static async Task<IResult> Delete(
        string id,
        Caller caller,
        PropertyCatalogue catalogue,
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return (await changes.DeleteAsync(caller, property.Id, stop)).Ok(out _, out refusal)
            ? Answer.Ok("Property deleted successfully.")
            : refusal.ToAnswer();
    }

    private static Result<PropertyOrder> Order(JsonFields body)
    {
        if (!body.Text("name").Ok(out var sentName, out var refusal) || !Property.ParseName(sentName).Ok(out var name, out refusal))
            return refusal;
        if (!Origins(body).Ok(out var origins, out refusal))
            return refusal;

        var rules = RulePresets.CatchAll;
        if (!body.Text("preset").Ok(out var preset, out refusal))
            return refusal;
        if (!string.IsNullOrWhiteSpace(preset) && !RulePresets.Parse(preset).Ok(out rules, out refusal))
            return refusal;
        return new PropertyOrder(name, origins) { Rules = rules };
    }

    private static Result<ImmutableArray<Origin>> Origins(JsonFields body)
    {
        if (!body.List("origins", MostOrigins).Ok(out var sent, out var refusal))
            return refusal;
        if (sent is null or { Length: 0 or > MostOrigins })
            return Refusal.Malformed($"Origins must hold 1 to {MostOrigins} origins.");
        var origins = ImmutableArray.CreateBuilder<Origin>(sent.Length);
        foreach (var element in sent)
        {
            if (!Origin(element).Ok(out var origin, out refusal))
                return refusal;
            origins.Add(origin);
        }
        return origins.MoveToImmutable();
    }

    private static Result<Origin> Origin(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return Refusal.Malformed("An origin must be a JSON object.");
        var fields = new JsonFields(element);
        if (!fields.Text("host").Ok(out var host, out var refusal) || !fields.Text("hostHeader").Ok(out var hostHeader, out refusal))
            return refusal;
        return fields.Flag("sslVerify").Ok(out var sslVerify, out refusal)
            ? PropertyOrigin.Parse(host, hostHeader, sslVerify ?? true)
            : refusal;
    }

    internal static PropertyItem Item(CatalogueProperty property) =>
        new(property.Id, property.Configuration.Name, (int)property.State, property.CreatedAt);

    private static PropertyDetail Detail(CatalogueProperty property) =>
        new(
            property.Id,
            property.Configuration.Name,
            (int)property.State,
            property.CreatedAt,
            [.. property.Hostnames.Select(HostnameEndpoints.Item)],
            [.. property.Configuration.Origins.Select(Item)]
        );

    internal static OriginItem Item(Origin origin) =>
        new(
            string.Create(CultureInfo.InvariantCulture, $"{origin.Scheme}://{origin.Host}:{origin.Port}"),
            origin.HostHeader,
            origin.SslVerify
        );
}

/// <param name="Status">Active 0, Pending 1, Disabled 2, Suspended 3.</param>
internal sealed record PropertyItem(long Id, string Name, int Status, DateTimeOffset CreatedAt);

internal sealed record PropertyDetail(
    long Id,
    string Name,
    int Status,
    DateTimeOffset CreatedAt,
    IReadOnlyList<HostnameItem> Hostnames,
    IReadOnlyList<OriginItem> Origins
);

/// <param name="Host">With its scheme and port.</param>
/// <param name="HostHeader">Empty passes the visitor's host.</param>
internal sealed record OriginItem(string Host, string HostHeader, bool SslVerify);
