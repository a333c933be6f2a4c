using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Paradarum.Control.Api;

/// <summary>The OpenAPI document at <c>/swagger/v1/swagger.json</c>, no credential needed (contract section 0).</summary>
internal static class ApiDocument
{
    private const string KeyScheme = "ApiKeyAuth";
    private const string TokenScheme = "Bearer";

    public static void AddApiDocument(this IServiceCollection services)
    {
        // The document describes what ApiJson writes: numbers are numbers.
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        services.AddOpenApi(
            "v1",
            options =>
            {
                options.AddDocumentTransformer((document, _, _) => DescribeAll(document));
                options.AddOperationTransformer((operation, context, _) => DescribeOne(operation, context));
            }
        );
    }

    public static void MapApiDocument(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/swagger/{documentName}/swagger.json");

    private static Task DescribeAll(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Paradarum",
            Version = "v1",
            Description = "Purges that are provable: accepted durably, applied in order, receipted truthfully.",
        };
        // Where it happens to run is no part of the contract.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [KeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-API-Key",
                Description = "An API key of the account, as it was shown when it was made. When it is present it alone is judged.",
            },
            [TokenScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "A token from POST /api/auth/login.",
            },
        };
        return Task.CompletedTask;
    }

    private static Task DescribeOne(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (!metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, context.Document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(TokenScheme, context.Document)] = [] },
            ];
            DescribeRateLimit(operation);
        }

        if (metadata.OfType<DescribedBody>().LastOrDefault() is { } body && context.Document is { } document)
        {
            document.AddComponent(body.Name, SchemaOf(JsonSerializer.SerializeToElement(body.Shape), document));
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/json"] = new() { Schema = new OpenApiSchemaReference(body.Name, document) },
                },
            };
        }

        foreach (var parameter in metadata.OfType<DescribedParameter>())
            Add(operation, parameter);
        foreach (var header in metadata.OfType<DescribedAnswerHeader>())
            Add(operation, header);
        if (metadata.OfType<PagedAnswer>().Any())
            DescribePaging(operation);
        return Task.CompletedTask;
    }

    /// <summary>Who must prove who asks may have asked too often, whatever the endpoint.</summary>
    private static void DescribeRateLimit(OpenApiOperation operation)
    {
        const string unauthorized = "401";
        const string tooMany = "429";
        if (operation.Responses is not { } responses || !responses.TryGetValue(unauthorized, out var known))
            return;
        responses[tooMany] = new OpenApiResponse
        {
            Description = "Too Many Requests",
            Content = known.Content,
            Headers = new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal)
            {
                ["Retry-After"] = new OpenApiHeader
                {
                    Description = "Whole seconds after which it is worth trying again.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
                },
            },
        };
    }

    private static void Add(OpenApiOperation operation, DescribedParameter parameter)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(
            new OpenApiParameter
            {
                Name = parameter.Name,
                In = parameter.InHeader ? ParameterLocation.Header : ParameterLocation.Query,
                Description = parameter.Help,
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Enum = parameter.Allowed.Count == 0 ? null : [.. parameter.Allowed.Select(value => JsonValue.Create(value)!)],
                },
            }
        );
    }

    private static void Add(OpenApiOperation operation, DescribedAnswerHeader header)
    {
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (status.StartsWith('2') && response is OpenApiResponse answer)
            {
                answer.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
                answer.Headers[header.Name] = new OpenApiHeader
                {
                    Description = header.Help,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                };
            }
        }
    }

    private static void DescribePaging(OpenApiOperation operation)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(PageParameter("pageNumber", "1-based page, default 1.", largest: null));
        operation.Parameters.Add(PageParameter("pageSize", "Items on a page, default 10; clamped to 1..100.", largest: "100"));
    }

    private static OpenApiParameter PageParameter(string name, string description, string? largest) =>
        new()
        {
            Name = name,
            In = ParameterLocation.Query,
            Description = description,
            Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Minimum = "1",
                Maximum = largest,
            },
        };

    /// <summary>A text names a type, an array holds its one element's shape, an object its fields.</summary>
    private static IOpenApiSchema SchemaOf(JsonElement shape, OpenApiDocument document) =>
        shape.ValueKind switch
        {
            JsonValueKind.Object => new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = shape
                    .EnumerateObject()
                    .ToDictionary(field => field.Name, field => SchemaOf(field.Value, document), StringComparer.Ordinal),
                Required = shape
                    .EnumerateObject()
                    .Where(field => !IsOptional(field.Value))
                    .Select(field => field.Name)
                    .ToHashSet(StringComparer.Ordinal),
            },
            JsonValueKind.Array => new OpenApiSchema { Type = JsonSchemaType.Array, Items = SchemaOf(shape[0], document) },
            _ => Named(shape.GetString()!.TrimEnd('?'), document),
        };

    /// <summary>A name in small letters is a JSON type, another one the body of an endpoint.</summary>
    private static IOpenApiSchema Named(string type, OpenApiDocument document) =>
        type switch
        {
            _ when type.EndsWith("[]", StringComparison.Ordinal) => new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = Named(type[..^2], document),
            },
            "string" => new OpenApiSchema { Type = JsonSchemaType.String },
            "integer" => new OpenApiSchema { Type = JsonSchemaType.Integer },
            "boolean" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            _ => new OpenApiSchemaReference(type, document),
        };

    private static bool IsOptional(JsonElement shape) => shape.ValueKind == JsonValueKind.String && shape.GetString()!.EndsWith('?');
}
