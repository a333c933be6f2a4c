using System.Collections.Immutable;
using Paradarum.Control.Catalogue.Certificates;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>The catalogue in memory, replaced in one write after each flush that changed it. The accept path reads this, never the database.</summary>
internal sealed record CatalogueSnapshot(ImmutableDictionary<long, CatalogueProperty> Properties)
{
    public static readonly CatalogueSnapshot Empty = new(ImmutableDictionary<long, CatalogueProperty>.Empty);
}

/// <summary>One property with whom it belongs to.</summary>
internal sealed record CatalogueProperty(long Id, long AccountId, DateTimeOffset CreatedAt, PropertyConfiguration Configuration)
{
    public PropertyState State => Configuration.State;

    public int ActiveHostnames { get; } = Configuration.Hostnames.Count(hostname => hostname.Active);

    /// <summary>The hostnames with what only the control plane knows of them.</summary>
    public ImmutableArray<CatalogueHostname> Hostnames { get; init; } = [];

    /// <summary>The cache rules in their order, those that are not enabled too.</summary>
    public ImmutableArray<CatalogueRule> Rules { get; init; } = [];

    public required GeneralSettings General { get; init; }
}

/// <param name="FeaturesJson">See <see cref="RuleFeatures"/>.</param>
internal sealed record CatalogueRule(
    long Id,
    string Name,
    string Pattern,
    CacheRuleMatch MatchType,
    long TtlSeconds,
    int Order,
    bool IsEnabled,
    string Description,
    string FeaturesJson
);

internal sealed record CatalogueHostname(long Id, string Name, HostnameState State, DateTimeOffset CreatedAt)
{
    /// <summary>What is said of the certificate that the hostname has; null: it has none.</summary>
    public CertificateFacts? Certificate { get; init; }
}

/// <summary>As clients read it (contract part 3).</summary>
internal enum HostnameState
{
    Active = 0,
    PendingValidation = 1,
}
