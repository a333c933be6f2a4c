using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Paradarum.Control.Api;

/// <summary>What the API document says of one endpoint, from what the endpoint says of itself (<see cref="EndpointDescriptions"/>).</summary>
internal static class ApiOperation
{
    private const string Json = "application/json";

    private static readonly Dictionary<string, string> PathIds = new(StringComparer.Ordinal)
    {
        ["id"] = "Its id, as a list of them shows it.",
        ["hostnameId"] = "The hostname's id.",
        ["ruleId"] = "The rule's id.",
        ["purgeId"] = "The purge's id, as the answer to the purge gave it.",
        ["userId"] = "The user's id.",
        ["webhookId"] = "The webhook's id.",
    };

    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.OperationId ??= IdOf(context.Description.HttpMethod!, context.Description.RelativePath!, metadata);
        operation.Description = string.Join(' ', new[] { operation.Description, WhoMayCall(metadata) }.Where(text => text is not null));
        if (!metadata.OfType<IAllowAnonymous>().Any())
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(ApiDocument.KeyScheme, context.Document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(ApiDocument.TokenScheme, context.Document)] = [] },
            ];
        if (metadata.OfType<DescribedBody>().LastOrDefault() is { } body && context.Document is { } document)
            DescribeBody(operation, body, document);

        foreach (var parameter in operation.Parameters ?? [])
        {
            if (parameter is OpenApiParameter { In: ParameterLocation.Path } inPath)
                inPath.Description = PathIds.GetValueOrDefault(inPath.Name!);
        }

        foreach (var parameter in metadata.OfType<DescribedParameter>())
            Add(operation, parameter);
        if (metadata.OfType<PagedAnswer>().Any())
            DescribePaging(operation);
        DescribeAnswers(operation, metadata);
        return Task.CompletedTask;
    }

    /// <summary>The method and the words of the path: stable for as long as the path is, and the same for every endpoint.</summary>
    private static string IdOf(string method, string path, IList<object> metadata)
    {
        var verb = metadata.OfType<PagedAnswer>().Any() ? "list" : method.ToLowerInvariant();
        var words = path.Split('/')
            .Skip(1)
            .Where(part => part.Length > 0 && part[0] != '{')
            .SelectMany(part => part.Split('-'))
            .Select(word => $"{char.ToUpperInvariant(word[0])}{word[1..]}");
        return verb + string.Concat(words);
    }

    private static string WhoMayCall(IList<object> metadata) =>
        metadata.OfType<IAllowAnonymous>().Any() ? "Needs no credential."
        : metadata.OfType<OperatorAlone>().Any() ? "For the operator alone: its sign-in, or a key of its account without restrictions."
        : metadata.OfType<PurgeScopeAllowed>().Any() ? "For sign-ins and API keys of the account, those of scope `purge` included."
        : "For sign-ins and API keys of the account, but not for keys of scope `purge`.";

    private static void DescribeBody(OpenApiOperation operation, DescribedBody body, OpenApiDocument document)
    {
        document.AddComponent(body.Name, BodyShape.SchemaOf(body.Shape, document));
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                [Json] = new()
                {
                    Schema = new OpenApiSchemaReference(body.Name, document),
                    Example = JsonSerializer.SerializeToNode(body.Example, ApiJson.Options),
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

    private static void DescribeAnswers(OpenApiOperation operation, IList<object> metadata)
    {
        // In the order of their numbers, whatever the order they were declared in.
        var answers = new OpenApiResponses();
        foreach (var (status, response) in (operation.Responses ?? []).OrderBy(answer => answer.Key, StringComparer.Ordinal))
        {
            answers[status] = response;
            if (response is OpenApiResponse answer)
                DescribeAnswer(answer, int.Parse(status, CultureInfo.InvariantCulture), metadata);
        }

        operation.Responses = answers;
    }

    private static void DescribeAnswer(OpenApiResponse answer, int status, IList<object> metadata)
    {
        var succeeded = status < StatusCodes.Status400BadRequest;
        if (succeeded)
        {
            foreach (var header in metadata.OfType<DescribedAnswerHeader>())
                AddHeader(answer, header.Name, header.Help, JsonSchemaType.String);
        }
        else if (status == StatusCodes.Status429TooManyRequests)
            AddHeader(answer, "Retry-After", "Whole seconds after which it is worth trying again.", JsonSchemaType.Integer);

        if (answer.Content is { } content && content.TryGetValue(Json, out var found) && found is OpenApiMediaType media)
            media.Example = succeeded ? ShownSuccess(metadata) : ShownRefusal(status, metadata);
    }

    private static void AddHeader(OpenApiResponse answer, string name, string help, JsonSchemaType type)
    {
        answer.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        answer.Headers[name] = new OpenApiHeader
        {
            Description = help,
            Schema = new OpenApiSchema { Type = type },
        };
    }

    private static JsonNode? ShownSuccess(IList<object> metadata)
    {
        if (metadata.OfType<ShownAnswer>().LastOrDefault() is not { } shown)
            return null;
        object envelope = metadata.OfType<PagedAnswer>().Any()
            ? new PageEnvelope<object?>(true, shown.Message, [shown.Data], 1, PageRequest.DefaultSize, 1, 1)
            : new Envelope<object>(true, shown.Message, shown.Data);
        return JsonSerializer.SerializeToNode(envelope, ApiJson.Options);
    }

    private static JsonNode? ShownRefusal(int status, IList<object> metadata)
    {
        var own = metadata.OfType<ShownRefusal>().LastOrDefault(refusal => refusal.Status == status)?.Sentence;
        var envelope = new Envelope<object>(false, own ?? RefusalAnswers.Typical(status), null);
        return JsonSerializer.SerializeToNode(envelope, ApiJson.Options);
    }
}
