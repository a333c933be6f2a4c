using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Catalogue;

/// <summary>What a request that changes a property has shown once it is through the guards: the property as it is now, and the body.</summary>
internal sealed record PropertyRequest(CatalogueProperty Property, ReadOnlyMemory<byte> Body);

/// <summary>The same with the fields of a body that is an object.</summary>
internal sealed record PropertyFields(CatalogueProperty Property, JsonFields Body);

/// <summary>The guards that come before what was asked for is looked at, in the contract's order (1.3): whose property, may it change, the body.</summary>
internal sealed class PropertyDoor(PropertyCatalogue catalogue, KeyRing keys)
{
    public Task<Result<PropertyRequest>> OpenAsync(string id, HttpRequest request, Caller caller, CancellationToken stop) =>
        OpenAsync(() => catalogue.OpenForChange(caller, id), request, caller, stop);

    public async Task<Result<PropertyFields>> OpenObjectAsync(string id, HttpRequest request, Caller caller, CancellationToken stop) =>
        Fields(await OpenAsync(id, request, caller, stop));

    /// <summary>The same for what may enable a disabled property.</summary>
    public async Task<Result<PropertyFields>> OpenObjectForEnablingAsync(
        string id,
        HttpRequest request,
        Caller caller,
        CancellationToken stop
    ) => Fields(await OpenAsync(() => catalogue.OpenForEnabling(caller, id), request, caller, stop));

    private static Result<PropertyFields> Fields(Result<PropertyRequest> opened)
    {
        if (!opened.Ok(out var request, out var refusal))
            return refusal;
        return JsonBody.ParseObject(request.Body).Ok(out var body, out refusal) ? new PropertyFields(request.Property, body) : refusal;
    }

    private async Task<Result<PropertyRequest>> OpenAsync(
        Func<Result<CatalogueProperty>> open,
        HttpRequest request,
        Caller caller,
        CancellationToken stop
    )
    {
        if (!open().Ok(out _, out var refusal))
            return refusal;
        if (!(await JsonBody.ReadAsync(request, stop)).Ok(out var body, out refusal))
            return refusal;
        // A body may take its time: key and property are those of now.
        if (!keys.IsGood(caller))
            return CallerAuthentication.Required;
        return open().Ok(out var property, out refusal) ? new PropertyRequest(property, body) : refusal;
    }
}
