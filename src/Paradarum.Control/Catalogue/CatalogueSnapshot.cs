using System.Collections.Frozen;
using System.Collections.Immutable;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>The catalogue in memory, replaced in one write after each flush that changed it. The accept path reads this, never the database.</summary>
internal sealed record CatalogueSnapshot(FrozenDictionary<long, CatalogueProperty> Properties)
{
    public static readonly CatalogueSnapshot Empty = new(FrozenDictionary<long, CatalogueProperty>.Empty);
}

/// <summary>One property with whom it belongs to.</summary>
internal sealed record CatalogueProperty(long Id, long AccountId, DateTimeOffset CreatedAt, PropertyConfiguration Configuration)
{
    public PropertyState State => Configuration.State;

    public int ActiveHostnames { get; } = Configuration.Hostnames.Count(hostname => hostname.Active);
}
