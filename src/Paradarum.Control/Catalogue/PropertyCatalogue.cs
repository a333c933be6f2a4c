using System.Collections.Immutable;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>Properties and what belongs to them, in memory, and who may read or change which. What changes them is <see cref="PropertyChanges"/>.</summary>
internal sealed class PropertyCatalogue(string systemDomain)
{
    public static readonly Refusal Unknown = Refusal.NotFound("Property not found.");
    public static readonly Refusal Disabled = Closed("disabled");
    public static readonly Refusal Suspended = Closed("suspended");

    // Replaced on the writer's thread alone, in order of position.
    private volatile CatalogueSnapshot _current = CatalogueSnapshot.Empty;

    public CatalogueSnapshot Current => _current;

    public string SystemDomain => systemDomain;

    /// <summary>The property behind an id in a path, when the caller may change it or purge it (contract 1.3: 404, then 403).</summary>
    public Result<CatalogueProperty> OpenForChange(Caller caller, string id)
    {
        if (!OpenForReading(caller, id).Ok(out var property, out var refusal))
            return refusal;
        return property.State switch
        {
            PropertyState.Disabled => Disabled,
            PropertyState.Suspended => Suspended,
            _ => property,
        };
    }

    /// <summary>The same for a change that may enable the property: a disabled one is let through, and judged by what the change makes of it.</summary>
    public Result<CatalogueProperty> OpenForEnabling(Caller caller, string id) =>
        OpenForReading(caller, id).Ok(out var property, out var refusal) ? Judge(property) : refusal;

    private static Result<CatalogueProperty> Judge(CatalogueProperty property) =>
        property.State == PropertyState.Suspended ? Suspended : property;

    /// <summary>The property behind an id in a path, whatever its status. An id that is no positive integer in ASCII digits is unknown, like another account's.</summary>
    public Result<CatalogueProperty> OpenForReading(Caller caller, string id) =>
        _current.Properties.TryGetValue(PathId.Read(id), out var property)
        && property.AccountId == caller.AccountId
        && caller.MayTouch(property.Id)
            ? property
            : Unknown;

    /// <summary>What the caller may see, in the order it was made.</summary>
    public IReadOnlyList<CatalogueProperty> Of(Caller caller) =>
        [
            .. _current
                .Properties.Values.Where(property => property.AccountId == caller.AccountId && caller.MayTouch(property.Id))
                .OrderBy(property => property.Id),
        ];

    public bool Owns(long accountId, long propertyId) =>
        _current.Properties.TryGetValue(propertyId, out var property) && property.AccountId == accountId;

    public bool IsOfSystemDomain(string hostname) => hostname.EndsWith($".{systemDomain}", StringComparison.Ordinal);

    /// <summary>Why a property would not get this hostname, by what memory holds; null: it would.</summary>
    public Refusal? Refuses(long propertyId, string hostname)
    {
        if (_current.Properties.GetValueOrDefault(propertyId) is { Hostnames.Length: >= Property.MostHostnames })
            return Property.TooManyHostnames;
        return _current.Properties.Values.Any(property => property.Hostnames.Any(kept => kept.Name == hostname))
            ? Hostname.Taken(hostname)
            : null;
    }

    /// <summary>After the flush of what it says, on the writer's thread.</summary>
    public void Replace(CatalogueSnapshot next) => _current = next;

    private static Refusal Closed(string status) =>
        new(RefusalKind.Forbidden, $"This property is currently {status}. Configuration changes are not allowed until it is re-enabled.");
}
