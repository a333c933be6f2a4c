using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Paradarum.Control.Api;

/// <summary>The OpenAPI document at <c>/swagger/v1/swagger.json</c>, no credential needed (contract section 0).</summary>
internal static class ApiDocument
{
    public const string Path = "/swagger/v1/swagger.json";
    public const string KeyScheme = "ApiKeyAuth";
    public const string TokenScheme = "Bearer";

    private static readonly (string Name, string Help)[] Tags =
    [
        ("Access", "Sign-in and API keys of the account."),
        ("Accounts", "Accounts and their users, for the operator alone, and one's own password."),
        ("Audit", "Who changed, purged or signed in what, and when."),
        ("Cache rules", "What the edges keep, for how long and under which key."),
        ("Catalogue", "Properties with their hostnames, origins and settings."),
        ("Fleet", "Shields and PoPs, for the operator alone."),
        ("Purging", "Purges, previews of them, and receipts."),
        ("Webhooks", "Being told of purges that are complete."),
    ];

    public static void AddApiDocument(this IServiceCollection services)
    {
        // The document describes what ApiJson writes: numbers are numbers.
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        services.AddOpenApi(
            "v1",
            options =>
            {
                // An array's schema is named "T[]", which is no name in OpenAPI (3.1, components object).
                options.CreateSchemaReferenceId = type =>
                    OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("[]", "List", StringComparison.Ordinal);
                options.AddSchemaTransformer((schema, context, _) => DescribeType(schema, context.JsonTypeInfo.Type));
                options.AddOperationTransformer((operation, context, _) => ApiOperation.Describe(operation, context));
                options.AddDocumentTransformer((document, _, _) => DescribeAll(document));
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
            License = new OpenApiLicense { Name = "Apache License 2.0", Identifier = "Apache-2.0" },
        };
        // Where it happens to run is no part of the contract.
        document.Servers = [];
        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Help }).ToHashSet();
        document.Components ??= new OpenApiComponents();
        foreach (var schema in document.Components.Schemas?.Values ?? [])
            SayThatDataIsThere(schema);
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

    /// <summary>Positions are 64-bit; generators know <c>int64</c> and no other format for them. None ever gets past 2^63.</summary>
    private static Task DescribeType(OpenApiSchema schema, Type type)
    {
        if (type == typeof(ulong) || type == typeof(ulong?))
            (schema.Format, schema.Minimum) = ("int64", "0");
        return Task.CompletedTask;
    }

    /// <summary>An envelope of a type is the answer of an endpoint that succeeded, and then its data is there; a refusal has an envelope of its own.</summary>
    private static void SayThatDataIsThere(IOpenApiSchema schema)
    {
        if (schema.Properties is not { } fields || !fields.ContainsKey("succeeded") || !fields.TryGetValue("data", out var data))
            return;
        if (data.OneOf is { Count: 2 } either && either.FirstOrDefault(one => one.Type != JsonSchemaType.Null) is { } one)
            fields["data"] = one;
        else if (data is OpenApiSchema { Type: JsonSchemaType.Array | JsonSchemaType.Null } list)
            list.Type = JsonSchemaType.Array;
    }
}
