using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Catalogue;

/// <summary>Cache rules of a property (contract part 3; docs/decisions/cache-rules.md).</summary>
internal static class CacheRuleEndpoints
{
    private const string PresetApplied = "Preset applied successfully.";
    private const string NameTaken = "A cache rule named 'Images' already exists.";

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

    private static readonly object Example = new
    {
        name = "Images",
        pattern = @"\.(jpg|png|webp)$",
        matchType = 4,
        ttlSeconds = 86400,
        order = 1,
    };

    private static CacheRuleItem Shown => new(31, "Images", @"\.(jpg|png|webp)$", 4, 86400, 1, IsEnabled: true, "", "{}");

    public static void MapCacheRules(this IEndpointRouteBuilder routes)
    {
        var rules = routes.MapGroup("/api/property/{id}/rules/cache").WithTags("Cache rules");
        rules
            .MapGet("", List)
            .WithSummary("List the property's cache rules in their order")
            .ProducesPage<CacheRuleItem>()
            .Shows("Cache rules retrieved successfully.", Shown)
            .Refuses(404);
        rules
            .MapPost("", Create)
            .WithSummary("Add a cache rule")
            .Reads("CacheRuleRequest", Shape, Example)
            .Produces<Envelope<CacheRuleItem>>(StatusCodes.Status201Created)
            .Shows("Cache rule created successfully.", Shown)
            .Refuses(404)
            .Refuses(409, NameTaken);
        rules
            .MapPut("{ruleId}", Replace)
            .WithSummary("Replace a cache rule; what is left out has its default")
            .Reads("CacheRuleRequest", Shape, Example)
            .Produces<Envelope<CacheRuleItem>>()
            .Shows("Cache rule updated successfully.", Shown)
            .Refuses(404, Property.NoSuchRule.Message)
            .Refuses(409, NameTaken);
        rules
            .MapDelete("{ruleId}", Delete)
            .WithSummary("Delete a cache rule")
            .Produces<Envelope<object>>()
            .Shows("Cache rule deleted successfully.")
            .Refuses(404, Property.NoSuchRule.Message);
        rules
            .MapPost("preset", Preset)
            .WithSummary("Put the rules of a preset in the place of the property's")
            .Reads("CacheRulePresetRequest", new { preset = "string", replace = "boolean?" }, new { preset = "wordpress", replace = true })
            .Produces<Envelope<CacheRuleItem[]>>()
            .Shows(PresetApplied, new[] { Shown })
            .Refuses(404)
            .Refuses(409, "The property has cache rules of its own. Send replace true to put the preset in their place.");
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
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!RuleOrder.Parse(opened.Body).Ok(out var order, out refusal))
            return refusal.ToAnswer();
        return (await changes.ChangeAsync(caller, opened.Property.Id, property => property.AddRule(order), stop)).Ok(
            out var changed,
            out refusal
        )
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
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        // Whose it is comes before the body, for the rule as for the property.
        if (!catalogue.OpenForChange(caller, id).Ok(out var known, out var refusal))
            return refusal.ToAnswer();
        var wanted = PathId.Read(ruleId);
        if (!known.Rules.Any(rule => rule.Id == wanted))
            return Property.NoSuchRule.ToAnswer();
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out refusal))
            return refusal.ToAnswer();
        if (!RuleOrder.Parse(opened.Body).Ok(out var order, out refusal))
            return refusal.ToAnswer();
        return (await changes.ChangeAsync(caller, opened.Property.Id, property => property.ReplaceRule(wanted, order), stop)).Ok(
            out var changed,
            out refusal
        )
            ? Answer.Ok("Cache rule updated successfully.", Item(changed.Rules.First(rule => rule.Id == wanted)))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Delete(
        string id,
        string ruleId,
        Caller caller,
        PropertyCatalogue catalogue,
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        var wanted = PathId.Read(ruleId);
        return (await changes.ChangeAsync(caller, property.Id, kept => kept.RemoveRule(wanted), stop)).Ok(out _, out refusal)
            ? Answer.Ok("Cache rule deleted successfully.")
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Preset(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!opened.Body.Text("preset").Ok(out var name, out refusal) || !opened.Body.Flag("replace").Ok(out var replace, out refusal))
            return refusal.ToAnswer();
        if (!RulePresets.Parse(name).Ok(out var set, out refusal))
            return refusal.ToAnswer();
        return (await changes.ChangeAsync(caller, opened.Property.Id, property => property.ApplyPreset(set, replace ?? false), stop)).Ok(
            out var changed,
            out refusal
        )
            ? Answer.Ok(PresetApplied, changed.Rules.Select(Item).ToArray())
            : refusal.ToAnswer();
    }

    internal static CacheRuleItem Item(CatalogueRule rule) =>
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
