using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Catalogue;

/// <summary>Cache rules of a property (contract part 3; docs/decisions/cache-rules.md).</summary>
internal static class CacheRuleEndpoints
{
    private static readonly object Shape = new
    {
        name = "string",
        pattern = "string",
        matchType = "integer?",
        ttlSeconds = "integer?",
        order = "integer?",
        isEnabled = "boolean?",
        description = "string?",
        featuresJson = "string?",
    };

    public static void MapCacheRules(this IEndpointRouteBuilder routes)
    {
        var rules = routes.MapGroup("/api/property/{id}/rules/cache").WithTags("Cache rules");
        rules
            .MapGet("", List)
            .WithSummary("List the property's cache rules in their order")
            .ProducesPage<CacheRuleItem>()
            .Refuses(401, 403, 404);
        rules
            .MapPost("", Create)
            .WithSummary("Add a cache rule")
            .Reads("CacheRuleRequest", Shape)
            .Produces<Envelope<CacheRuleItem>>(StatusCodes.Status201Created)
            .Refuses(400, 401, 403, 404, 409, 413, 415);
        rules
            .MapPut("{ruleId}", Replace)
            .WithSummary("Replace a cache rule; what is left out has its default")
            .Reads("CacheRuleRequest", Shape)
            .Produces<Envelope<CacheRuleItem>>()
            .Refuses(400, 401, 403, 404, 409, 413, 415);
        rules.MapDelete("{ruleId}", Delete).WithSummary("Delete a cache rule").Produces<Envelope<object>>().Refuses(401, 403, 404);
        rules
            .MapPost("preset", Preset)
            .WithSummary("Put the rules of a preset in the place of the property's")
            .Reads("CacheRulePresetRequest", new { preset = "string", replace = "boolean?" })
            .Produces<Envelope<CacheRuleItem[]>>()
            .Refuses(400, 401, 403, 404, 409, 413, 415);
    }

    internal static IResult List(string id, PageRequest page, Caller caller, PropertyCatalogue catalogue) =>
        catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal)
            ? Answer.Page("Cache rules retrieved successfully.", page, [.. property.Rules.Select(Item)])
            : refusal.ToAnswer();

    internal static async Task<IResult> Create(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyCatalogue catalogue,
        CancellationToken stop
    )
    {
        if (!(await OpenAsync(door, id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!RuleOrder.Parse(opened.Body).Ok(out var order, out refusal))
            return refusal.ToAnswer();
        return (await catalogue.ChangeAsync(opened.Property.Id, property => property.AddRule(order), stop)).Ok(out var changed, out refusal)
            ? Answer.Created("Cache rule created successfully.", Item(changed.Rules.First(rule => rule.Name == order.Name)))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Replace(
        string id,
        string ruleId,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyCatalogue catalogue,
        CancellationToken stop
    )
    {
        // Whose it is comes before the body, for the rule as for the property.
        if (!catalogue.OpenForChange(caller, id).Ok(out var known, out var refusal))
            return refusal.ToAnswer();
        var wanted = PathId.Read(ruleId);
        if (!known.Rules.Any(rule => rule.Id == wanted))
            return Property.NoSuchRule.ToAnswer();
        if (!(await OpenAsync(door, id, request, caller, stop)).Ok(out var opened, out refusal))
            return refusal.ToAnswer();
        if (!RuleOrder.Parse(opened.Body).Ok(out var order, out refusal))
            return refusal.ToAnswer();
        return (await catalogue.ChangeAsync(opened.Property.Id, property => property.ReplaceRule(wanted, order), stop)).Ok(
            out var changed,
            out refusal
        )
            ? Answer.Ok("Cache rule updated successfully.", Item(changed.Rules.First(rule => rule.Id == wanted)))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Delete(string id, string ruleId, Caller caller, PropertyCatalogue catalogue, CancellationToken stop)
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        var wanted = PathId.Read(ruleId);
        return (await catalogue.ChangeAsync(property.Id, kept => kept.RemoveRule(wanted), stop)).Ok(out _, out refusal)
            ? Answer.Ok("Cache rule deleted successfully.")
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Preset(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyCatalogue catalogue,
        CancellationToken stop
    )
    {
        if (!(await OpenAsync(door, id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!opened.Body.Text("preset").Ok(out var name, out refusal) || !opened.Body.Flag("replace").Ok(out var replace, out refusal))
            return refusal.ToAnswer();
        if (!RulePresets.Parse(name).Ok(out var set, out refusal))
            return refusal.ToAnswer();
        return (await catalogue.ChangeAsync(opened.Property.Id, property => property.ApplyPreset(set, replace ?? false), stop)).Ok(
            out var changed,
            out refusal
        )
            ? Answer.Ok("Preset applied successfully.", changed.Rules.Select(Item).ToArray())
            : refusal.ToAnswer();
    }

    /// <summary>The guards and the body's fields, in the contract's order (1.3).</summary>
    internal static async Task<Result<(CatalogueProperty Property, JsonFields Body)>> OpenAsync(
        PropertyDoor door,
        string id,
        HttpRequest request,
        Caller caller,
        CancellationToken stop
    )
    {
        if (!(await door.OpenAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal;
        return JsonBody.ParseObject(opened.Body).Ok(out var body, out refusal) ? (opened.Property, body) : refusal;
    }

    private static CacheRuleItem Item(CatalogueRule rule) =>
        new(
            rule.Id,
            rule.Name,
            rule.Pattern,
            (int)rule.MatchType,
            rule.TtlSeconds,
            rule.Order,
            rule.IsEnabled,
            rule.Description,
            rule.FeaturesJson
        );
}

/// <param name="MatchType">Equals 0, Contains 1, StartsWith 2, EndsWith 3, Regex 4.</param>
/// <param name="TtlSeconds">Used where the origin gives no freshness; 0 never stores.</param>
/// <param name="Order">Lowest first; the first rule that matches counts.</param>
/// <param name="FeaturesJson">A JSON object: bypass_cookies, cache_key.</param>
internal sealed record CacheRuleItem(
    long Id,
    string Name,
    string Pattern,
    int MatchType,
    long TtlSeconds,
    int Order,
    bool IsEnabled,
    string Description,
    string FeaturesJson
);
