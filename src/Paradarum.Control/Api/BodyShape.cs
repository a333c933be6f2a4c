using System.Text.Json;
using Microsoft.OpenApi;

namespace Paradarum.Control.Api;

/// <summary>A body as an endpoint describes it (<see cref="EndpointDescriptions.Reads"/>), as a schema of the API document.</summary>
internal static class BodyShape
{
    public static IOpenApiSchema SchemaOf(object shape, OpenApiDocument document) =>
        SchemaOf(JsonSerializer.SerializeToElement(shape), document);

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
            "integer" => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
            "long" => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
            "boolean" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            _ => new OpenApiSchemaReference(type, document),
        };

    /// <summary>An object of which everything may be left out may be left out itself.</summary>
    private static bool IsOptional(JsonElement shape) =>
        shape.ValueKind switch
        {
            JsonValueKind.String => shape.GetString()!.EndsWith('?'),
            JsonValueKind.Object => shape.EnumerateObject().All(field => IsOptional(field.Value)),
            _ => false,
        };
}
