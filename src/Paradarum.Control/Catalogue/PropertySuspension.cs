using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>Suspends a property of any account: the operator's alone. The edges answer its visitors 403, and its account can change nothing of it (contract 1.3).</summary>
internal sealed class PropertySuspension(PropertyChanges changes)
{
    public const string What = "suspend properties";

    /// <summary>Suspends it, or makes a suspended one what it was before, Active or Disabled; one that is as asked for already stays untouched.</summary>
    public async Task<Result<CatalogueProperty>> SetAsync(Caller caller, long propertyId, bool suspended, CancellationToken stop)
    {
        if (caller.RefusedUnlessOperator(What) is { } closed)
            return closed;
        return await changes.ChangeIfAsync(caller, propertyId, kept => kept.SetSuspended(suspended), stop);
    }
}

internal static class SuspensionEndpoints
{
    private const string Suspended = "Property suspended successfully.";

    public static void MapSuspension(this IEndpointRouteBuilder routes) =>
        routes
            .MapPut("/api/property/{id}/suspension", Set)
            .ForTheOperatorAlone(PropertySuspension.What)
            .WithTags("Catalogue")
            .WithSummary("Suspend a property of any account, so that the edges answer 403, or lift that again")
            .Reads("SuspensionRequest", new { suspended = "boolean" }, new { suspended = true })
            .Produces<Envelope<PropertyItem>>()
            .Shows(Suspended, new PropertyItem(7, "my-shop", (int)PropertyState.Suspended, ApiExamples.Earlier))
            .Refuses(404);

    internal static async Task<IResult> Set(
        string id,
        HttpRequest request,
        Caller caller,
        PropertySuspension suspension,
        CancellationToken stop
    )
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!body.Flag("suspended").Ok(out var sent, out refusal))
            return refusal.ToAnswer();
        if (sent is not { } suspended)
            return Refusal.Malformed("Suspended is required. Send true or false.").ToAnswer();
        return (await suspension.SetAsync(caller, PathId.Read(id), suspended, stop)).Ok(out var property, out refusal)
            ? Answer.Ok(suspended ? Suspended : "Suspension lifted successfully.", PropertyEndpoints.Item(property))
            : refusal.ToAnswer();
    }
}
