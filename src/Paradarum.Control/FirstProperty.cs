using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;

namespace Paradarum.Control;

/// <summary>The property that <c>up</c> begins with.</summary>
internal sealed class FirstProperty(PropertyCatalogue catalogue, PropertyChanges changes)
{
    /// <summary>
    /// The property of that name, made when it is not there. An existing one gets the origins of the order (a demo origin's port is another one after each start) and,
    /// when asked, its rules; everything else of it is kept.
    /// </summary>
    public async Task<CatalogueProperty> EnsureAsync(long accountId, PropertyOrder order, bool replaceRules, CancellationToken stop)
    {
        var kept = catalogue.Current.Properties.Values.FirstOrDefault(property =>
            property.AccountId == accountId && string.Equals(property.Configuration.Name, order.Name, StringComparison.Ordinal)
        );
        if (kept is null)
            return Opened(await changes.CreateAsync(Caller.System(accountId), order, stop));
        if (!kept.Configuration.Origins.SequenceEqual(order.Origins))
            kept = Opened(await changes.SetOriginsAsync(Caller.System(accountId), kept.Id, order.Origins, stop));
        if (replaceRules && !kept.Configuration.CacheRules.Select(Parts).SequenceEqual(order.Rules.Select(Parts)))
            kept = Opened(await changes.SetRulesAsync(Caller.System(accountId), kept.Id, order.Rules, stop));
        return kept;
    }

    private static (string, int, long, string) Parts(Protocol.Configuration.CacheRule rule) =>
        (rule.Pattern, (int)rule.Match, rule.TtlSeconds, string.Join(' ', rule.BypassCookies));

    private static (string, int, long, string) Parts(RuleOrder rule) =>
        (rule.Pattern, (int)rule.Match, rule.TtlSeconds, string.Join(' ', rule.BypassCookies));

    private static CatalogueProperty Opened(Protocol.Result<CatalogueProperty> result) =>
        result.Ok(out var property, out var refusal) ? property : throw new InvalidOperationException(refusal.Message);
}
