using System.Text.Json;
using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Keys of the caller's account: make, list, revoke (contract part 3).</summary>
internal static class ApiKeyEndpoints
{
    private const string Made = "API key created successfully. Store it now: it is not shown again.";

    private static readonly long[] ShownProperties = [7];

    public static void MapApiKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/api/account/apikeys").WithTags("Access");
        keys.MapPost("", Create)
            .WithSummary("Make an API key; its text is shown this once")
            .Reads(
                "ApiKeyRequest",
                new
                {
                    name = "string",
                    scope = "string?",
                    propertyIds = "long[]?",
                },
                new
                {
                    name = "Deployment of the shop",
                    scope = "purge",
                    propertyIds = ShownProperties,
                }
            )
            .Produces<Envelope<NewApiKey>>(StatusCodes.Status201Created)
            .Shows(
                Made,
                new NewApiKey(
                    5,
                    "Deployment of the shop",
                    ApiExamples.Key,
                    ApiExamples.KeyPrefix,
                    "purge",
                    ShownProperties,
                    ApiExamples.Earlier
                )
            );
        keys.MapGet("", List)
            .WithSummary("List API keys, revoked ones included")
            .ProducesPage<ListedApiKey>()
            .Shows(
                "API keys retrieved successfully.",
                new ListedApiKey(
                    5,
                    "Deployment of the shop",
                    ApiExamples.KeyPrefix,
                    "purge",
                    ShownProperties,
                    ApiExamples.Earlier,
                    LastUsedAt: ApiExamples.Now,
                    RevokedAt: null
                )
            );
        keys.MapDelete("{id}", Revoke)
            .WithSummary("Revoke an API key, effective at once")
            .Produces<Envelope<object>>()
            .Shows("API key revoked successfully.")
            .Refuses(404, "API key not found.");
    }

    internal static async Task<IResult> Create(HttpRequest request, Caller caller, ApiKeys keys, CancellationToken stop)
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!Order(body).Ok(out var order, out refusal))
            return refusal.ToAnswer();
        if (!(await keys.CreateAsync(caller, order, stop)).Ok(out var issued, out refusal))
            return refusal.ToAnswer();
        var kept = issued.Kept;
        return Answer.Created(
            Made,
            new NewApiKey(kept.Id, kept.Name, issued.Key, kept.KeyPrefix, ScopeText(kept.Scope), Properties(kept), kept.CreatedAt)
        );
    }

    internal static IResult List(PageRequest page, Caller caller, ApiKeys keys) =>
        keys.List(caller).Ok(out var all, out var refusal)
            ? Answer.Page("API keys retrieved successfully.", page, all.Select(Listed).ToArray())
            : refusal.ToAnswer();

    internal static async Task<IResult> Revoke(string id, Caller caller, ApiKeys keys, CancellationToken stop)
    {
        return (await keys.RevokeAsync(caller, PathId.Read(id), stop)).Ok(out _, out var refusal)
            ? Answer.Ok("API key revoked successfully.")
            : refusal.ToAnswer();
    }

    private static Result<KeyOrder> Order(JsonFields body)
    {
        if (!body.Text("name").Ok(out var name, out var refusal) || !body.Text("scope").Ok(out var scope, out refusal))
            return refusal;
        if (!body.List("propertyIds", ApiKeys.MostProperties).Ok(out var sent, out refusal))
            return refusal;
        var ids = new List<long>();
        foreach (var element in sent ?? [])
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out var id) || id < 1)
                return Refusal.Malformed("PropertyIds must be an array of property ids.");
            ids.Add(id);
        }

        return KeyOrder.Parse(
            name,
            scope,
            sent is null ? null
                : ids.Count > ApiKeys.MostProperties ? ids
                : [.. ids.Distinct().Order()]
        );
    }

    private static ListedApiKey Listed(ApiKey key) =>
        new(key.Id, key.Name, key.KeyPrefix, ScopeText(key.Scope), Properties(key), key.CreatedAt, key.LastUsed, key.RevokedAt);

    private static string ScopeText(KeyScope scope) => scope == KeyScope.Purge ? "purge" : "account";

    private static long[]? Properties(ApiKey key) => key.OnlyProperties() is { IsDefault: false } only ? [.. only] : null;
}

/// <param name="Key">The key's text, sent this once and kept nowhere.</param>
/// <param name="PropertyIds">The only properties it may touch; null when it is not restricted.</param>
internal sealed record NewApiKey(
    long Id,
    string Name,
    string Key,
    string KeyPrefix,
    string Scope,
    IReadOnlyList<long>? PropertyIds,
    DateTimeOffset CreatedAt
);

internal sealed record ListedApiKey(
    long Id,
    string Name,
    string KeyPrefix,
    string Scope,
    IReadOnlyList<long>? PropertyIds,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt
);
