using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Control.Catalogue;

/// <summary>What is asked of a cache rule.</summary>
internal sealed record RuleOrder(string Name, string Pattern, CacheRuleMatch Match, long TtlSeconds, ImmutableArray<string> BypassCookies);

/// <summary>A cache rule as it is kept (contract part 3).</summary>
internal sealed class PropertyRule
{
    public long Id { get; init; }

    public long PropertyId { get; init; }

    public required string Name { get; init; }

    public required string Pattern { get; init; }

    public required CacheRuleMatch MatchType { get; init; }

    /// <summary>Used where the origin gives no freshness; 0 never stores.</summary>
    public required long TtlSeconds { get; init; }

    /// <summary>Lowest first, the first match wins.</summary>
    public required int Order { get; init; }

    public bool IsEnabled { get; init; } = true;

    public string Description { get; init; } = "";

    /// <summary>A JSON object with snake_case names; <c>bypass_cookies</c> are cookie name prefixes.</summary>
    public string FeaturesJson { get; init; } = "{}";

    public static PropertyRule Of(RuleOrder rule, int order) =>
        new()
        {
            Name = rule.Name,
            Pattern = rule.Pattern,
            MatchType = rule.Match,
            TtlSeconds = rule.TtlSeconds,
            Order = order,
            FeaturesJson = JsonSerializer.Serialize(
                new Dictionary<string, string[]>(StringComparer.Ordinal) { ["bypass_cookies"] = [.. rule.BypassCookies] }
            ),
        };

    public CacheRule ToRule() => new(Pattern, MatchType, TtlSeconds, BypassCookies());

    private ImmutableArray<string> BypassCookies()
    {
        using var features = JsonDocument.Parse(FeaturesJson);
        return features.RootElement.TryGetProperty("bypass_cookies", out var names)
            ? [.. names.EnumerateArray().Select(name => name.GetString() ?? "")]
            : [];
    }

    internal sealed class Mapping : IEntityTypeConfiguration<PropertyRule>
    {
        public void Configure(EntityTypeBuilder<PropertyRule> builder)
        {
            builder.ToTable("cache_rules");
            builder.Property(rule => rule.Name).HasMaxLength(200);
            builder.Property(rule => rule.Pattern).HasMaxLength(500);
        }
    }
}
