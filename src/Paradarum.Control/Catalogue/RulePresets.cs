using System.Collections.Immutable;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Control.Catalogue;

/// <summary>Sets of cache rules for what is commonly behind a CDN (contract part 3).</summary>
internal static class RulePresets
{
    /// <summary>WordPress with WooCommerce: who is signed in, has commented or opened a protected post, or has a cart, gets nothing from the cache.</summary>
    public static readonly ImmutableArray<string> WordPressCookies =
    [
        "wordpress_logged_in_",
        "comment_author_",
        "wp-postpass_",
        "woocommerce_cart_hash",
        "woocommerce_items_in_cart",
        "wp_woocommerce_session_",
    ];

    /// <summary>One rule for all paths: 60 s where the origin gives no freshness.</summary>
    public static readonly ImmutableArray<RuleOrder> CatchAll =
    [
        new("Everything", "/", CacheRuleMatch.StartsWith, 60, []) { Order = RuleOrder.AfterTheOthers },
    ];

    public static readonly ImmutableArray<RuleOrder> WordPress =
    [
        new("Static files", @"\.(jpg|jpeg|png|gif|ico|svg|css|js|woff|woff2|ttf|eot)$", CacheRuleMatch.Regex, 2_592_000, WordPressCookies),
        new("Administration", "/wp-admin/", CacheRuleMatch.StartsWith, 0, WordPressCookies),
        new("Sign-in", "/wp-login.php", CacheRuleMatch.StartsWith, 0, WordPressCookies),
        new("REST API", "/wp-json/", CacheRuleMatch.StartsWith, 10, WordPressCookies),
        new("Pages", "/", CacheRuleMatch.StartsWith, 1800, WordPressCookies) { Order = RuleOrder.AfterTheOthers },
    ];

    public static readonly ImmutableArray<RuleOrder> PrestaShop =
    [
        new("Static files", @"\.(jpg|jpeg|png|gif|ico|css|js|woff2)$", CacheRuleMatch.Regex, 2_592_000, []),
        new("Administration", "/admin", CacheRuleMatch.StartsWith, 0, []),
        new("Cart", "/cart", CacheRuleMatch.StartsWith, 0, []),
        new("Order", "/order", CacheRuleMatch.StartsWith, 0, []),
        new("Pages", "/", CacheRuleMatch.StartsWith, 300, []) { Order = RuleOrder.AfterTheOthers },
    ];

    /// <summary>Whether these are the rules of a set as they were made: then nothing of anybody's is lost when another set takes their place.</summary>
    public static bool AreAsMade(IEnumerable<PropertyRule> rules)
    {
        var kept = rules.OrderBy(rule => rule.Order).Select(Facts).ToArray();
        return kept.Length == 0
            || new[] { CatchAll, WordPress, PrestaShop }.Any(set =>
                set.Select((rule, place) => Facts(PropertyRule.Of(rule, rule.Order ?? place))).SequenceEqual(kept)
            );
    }

    private static (string, string, CacheRuleMatch, long, int, bool, string, string) Facts(PropertyRule rule) =>
        (rule.Name, rule.Pattern, rule.MatchType, rule.TtlSeconds, rule.Order, rule.IsEnabled, rule.Description, rule.FeaturesJson);

    public static Result<ImmutableArray<RuleOrder>> Parse(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return Refusal.Malformed("Preset is required. Use wordpress or prestashop.");
        return Named(name) is { } set
            ? set
            : Refusal.Malformed($"Preset '{Refusal.Quoted(name)}' is not supported. Use wordpress or prestashop.");
    }

    /// <summary>The set of that name, any case; null when there is none.</summary>
    public static ImmutableArray<RuleOrder>? Named(string name) =>
        name.ToUpperInvariant() switch
        {
            "WORDPRESS" => WordPress,
            "PRESTASHOP" => PrestaShop,
            _ => null,
        };
}
