using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Purging;

namespace Paradarum.Control.Catalogue;

/// <summary>What is asked of a cache rule.</summary>
internal sealed record RuleOrder(string Name, string Pattern, CacheRuleMatch Match, long TtlSeconds, ImmutableArray<string> BypassCookies)
{
    public const int LongestName = 200;
    public const int LongestPattern = 500;
    public const int LongestDescription = 1000;
    public const long DefaultTtl = 300;

    /// <summary>Longest TTL, in seconds: what <c>max-age</c> may say at most (RFC 9111 section 1.2.2).</summary>
    public const long LongestTtl = int.MaxValue;

    /// <summary>Where a rule for everything else stands, so that one which is added without an order comes before it.</summary>
    public const int AfterTheOthers = 10_000;

    public const int LastOrder = 1_000_000;

    /// <summary>Null: after those there are, but before a rule for everything else.</summary>
    public int? Order { get; init; }

    public bool IsEnabled { get; init; } = true;

    public string Description { get; init; } = "";

    public KeyParts Key { get; init; } = KeyParts.None;

    public RuleFeatures Features => new(BypassCookies, Key);

    /// <summary>Reads what a client sent (contract part 3). A pattern that does not parse is refused here: a node would not know what to do with it.</summary>
    public static Result<RuleOrder> Parse(JsonFields body)
    {
        if (!Text(body, "name", LongestName).Ok(out var name, out var refusal))
            return refusal;
        if (!Text(body, "pattern", LongestPattern).Ok(out var pattern, out refusal))
            return refusal;
        if (!Number(body, "matchType", 0, 4, 0).Ok(out var match, out refusal))
            return Refusal.Malformed("MatchType must be 0 (Equals), 1 (Contains), 2 (StartsWith), 3 (EndsWith) or 4 (Regex).");
        if (!Number(body, "ttlSeconds", 0, LongestTtl, DefaultTtl).Ok(out var ttl, out refusal))
            return refusal;
        if (!Number(body, "order", 0, LastOrder, -1).Ok(out var order, out refusal))
            return refusal;
        if (!body.Flag("isEnabled").Ok(out var enabled, out refusal))
            return refusal;
        if (!body.Text("description").Ok(out var description, out refusal))
            return refusal;
        if (description?.Length > LongestDescription)
            return Refusal.Malformed($"Description must be at most {LongestDescription} characters.");
        if (!RuleFeatures.Parse(body.Any("featuresJson")).Ok(out var features, out refusal))
            return refusal;
        var kind = (CacheRuleMatch)match;
        if (kind == CacheRuleMatch.Regex && !PurgePattern.TryBuild(pattern, CacheRuleSet.LongestMatch, out _, out var reason))
            return Refusal.Malformed($"Pattern is not a valid regular expression: {reason}");
        return new RuleOrder(name.Trim(), pattern, kind, ttl, features.BypassCookies)
        {
            Order = order < 0 ? null : (int)order,
            IsEnabled = enabled ?? true,
            Description = description ?? "",
            Key = features.Key,
        };
    }

    private static Result<string> Text(JsonFields body, string field, int longest)
    {
        var titled = $"{char.ToUpperInvariant(field[0])}{field[1..]}";
        if (!body.Text(field).Ok(out var text, out var refusal))
            return refusal;
        if (string.IsNullOrWhiteSpace(text))
            return Refusal.Malformed($"{titled} is required.");
        return text.Length <= longest ? text : Refusal.Malformed($"{titled} must be at most {longest} characters.");
    }

    private static Result<long> Number(JsonFields body, string field, long least, long most, long byDefault)
    {
        if (!body.Number(field).Ok(out var number, out var refusal))
            return refusal;
        if (number is null)
            return byDefault;
        return number >= least && number <= most
            ? number.Value
            : Refusal.Malformed($"{char.ToUpperInvariant(field[0])}{field[1..]} must be {least} to {most}.");
    }
}

/// <summary>A cache rule as it is kept (contract part 3).</summary>
internal sealed class PropertyRule
{
    public long Id { get; init; }

    public long PropertyId { get; init; }

    public required string Name { get; set; }

    public required string Pattern { get; set; }

    public required CacheRuleMatch MatchType { get; set; }

    /// <summary>Used where the origin gives no freshness; 0 never stores.</summary>
    public required long TtlSeconds { get; set; }

    /// <summary>Lowest first, the first match wins.</summary>
    public required int Order { get; set; }

    public bool IsEnabled { get; set; } = true;

    public string Description { get; set; } = "";

    /// <summary>A JSON object with snake_case names (<see cref="RuleFeatures"/>).</summary>
    public string FeaturesJson { get; set; } = "{}";

    public static PropertyRule Of(RuleOrder rule, int order) =>
        new()
        {
            Name = rule.Name,
            Pattern = rule.Pattern,
            MatchType = rule.Match,
            TtlSeconds = rule.TtlSeconds,
            Order = order,
            IsEnabled = rule.IsEnabled,
            Description = rule.Description,
            FeaturesJson = rule.Features.Write(),
        };

    /// <summary>All of it anew; the order stays when none is named.</summary>
    public void Become(RuleOrder rule)
    {
        (Name, Pattern, MatchType, TtlSeconds) = (rule.Name, rule.Pattern, rule.Match, rule.TtlSeconds);
        (Order, IsEnabled, Description, FeaturesJson) = (rule.Order ?? Order, rule.IsEnabled, rule.Description, rule.Features.Write());
    }

    public CacheRule ToRule()
    {
        var features = RuleFeatures.Read(FeaturesJson);
        return new CacheRule(Pattern, MatchType, TtlSeconds, features.BypassCookies) { Key = features.Key };
    }

    public CatalogueRule ToCatalogue() => new(Id, Name, Pattern, MatchType, TtlSeconds, Order, IsEnabled, Description, FeaturesJson);

    internal sealed class Mapping : IEntityTypeConfiguration<PropertyRule>
    {
        public void Configure(EntityTypeBuilder<PropertyRule> builder)
        {
            builder.ToTable("cache_rules");
            builder.Property(rule => rule.Name).HasMaxLength(RuleOrder.LongestName);
            builder.Property(rule => rule.Pattern).HasMaxLength(RuleOrder.LongestPattern);
        }
    }
}
