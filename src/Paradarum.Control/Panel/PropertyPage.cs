using Microsoft.AspNetCore.Components;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Protocol;

namespace Paradarum.Control.Panel;

/// <summary>A page about one property. The property is opened by the same guard as in the API: another account's is not there.</summary>
public abstract class PropertyPage : PanelPage
{
    [Parameter]
    public string Id { get; set; } = "";

    [Inject]
    private protected PropertyCatalogue Catalogue { get; private set; } = null!;

    [Inject]
    private protected PropertyChanges Changes { get; private set; } = null!;

    /// <summary>Null while it is not opened yet, and when there is no such property.</summary>
    private protected CatalogueProperty? Property { get; set; }

    private protected bool IsMissing { get; private set; }

    private protected sealed override Task OpenedAsync(Caller caller)
    {
        IsMissing = !Catalogue.OpenForReading(caller, Id).Ok(out var property, out _);
        Property = property;
        return property is null ? Task.CompletedTask : ShowAsync(caller, property);
    }

    /// <summary>Reads what the page shows of the property, at each visit.</summary>
    private protected virtual Task ShowAsync(Caller caller, CatalogueProperty property) => Task.CompletedTask;

    /// <summary>Changes the property after the API's guards (whose, may it be changed now); null when it is done, else the sentence to show.</summary>
    private protected Task<string?> ChangeAsync(Func<CatalogueProperty, Caller, Task<Result<CatalogueProperty>>> change) =>
        ChangeAsync(caller => Catalogue.OpenForChange(caller, Id), change);

    /// <summary>The same for a change that may enable a disabled property.</summary>
    private protected Task<string?> EnableAsync(Func<CatalogueProperty, Caller, Task<Result<CatalogueProperty>>> change) =>
        ChangeAsync(caller => Catalogue.OpenForEnabling(caller, Id), change);

    private async Task<string?> ChangeAsync(
        Func<Caller, Result<CatalogueProperty>> open,
        Func<CatalogueProperty, Caller, Task<Result<CatalogueProperty>>> change
    )
    {
        if (await AskerAsync() is not { } caller)
            return null;
        if (!open(caller).Ok(out var property, out var refusal))
            return refusal.Message;
        if (!(await change(property, caller)).Ok(out _, out refusal))
            return refusal.Message;
        // As it is now, for others may have changed it too.
        await OpenedAsync(caller);
        return null;
    }
}
