using System.Collections.Immutable;
using Paradarum.Control.Access;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Catalogue;

/// <summary>The changes of a property that are no more than another value, and can't be refused.</summary>
internal static class PropertyChanges
{
    public static Task<Result<CatalogueProperty>> SetStateAsync(
        this PropertyCatalogue catalogue,
        Caller caller,
        long propertyId,
        PropertyState state,
        CancellationToken stop
    ) => catalogue.ChangeAsync(caller, propertyId, property => property.State = state, stop);

    public static Task<Result<CatalogueProperty>> SetQueryModeAsync(
        this PropertyCatalogue catalogue,
        Caller caller,
        long propertyId,
        QueryMode mode,
        CancellationToken stop
    ) => catalogue.ChangeAsync(caller, propertyId, property => property.SetQueryMode(mode), stop);

    /// <summary>Whether the property's PoPs ask a shield, and which; null for the one its hostnames hash to.</summary>
    public static Task<Result<CatalogueProperty>> SetShieldAsync(
        this PropertyCatalogue catalogue,
        Caller caller,
        long propertyId,
        bool enabled,
        string? shieldId,
        CancellationToken stop
    ) => catalogue.ChangeAsync(caller, propertyId, property => (property.ShieldEnabled, property.ShieldId) = (enabled, shieldId), stop);

    public static Task<Result<CatalogueProperty>> SetGeneralAsync(
        this PropertyCatalogue catalogue,
        Caller caller,
        long propertyId,
        GeneralSettings settings,
        CancellationToken stop
    ) => catalogue.ChangeAsync(caller, propertyId, property => property.SetGeneral(settings), stop);

    public static Task<Result<CatalogueProperty>> SetRulesAsync(
        this PropertyCatalogue catalogue,
        Caller caller,
        long propertyId,
        ImmutableArray<RuleOrder> rules,
        CancellationToken stop
    ) => catalogue.ChangeAsync(caller, propertyId, property => property.SetRules(rules), stop);
}
