using Paradarum.Control.Access;
using Paradarum.Control.Api;

namespace Paradarum.Control.Catalogue;

/// <summary>Hostnames of a property (contract part 3).</summary>
internal static class HostnameEndpoints
{
    public static void MapHostnames(this IEndpointRouteBuilder routes)
    {
        var hostnames = routes.MapGroup("/api/property/{id}/hostname").WithTags("Catalogue");
        hostnames
            .MapGet("", List)
            .WithSummary("List the property's hostnames")
            .ProducesPage<HostnameItem>()
            .Shows("Hostnames retrieved successfully.", Shown)
            .Refuses(404);
        hostnames
            .MapDelete("{hostnameId}", Delete)
            .WithSummary("Remove a hostname; an Active one purges all of the property")
            .Produces<Envelope<object>>()
            .Shows("Hostname deleted successfully.")
            .Refuses(404, "Hostname not found.");
    }

    internal static HostnameItem Shown => new(12, "www.example.com", 0, ApiExamples.Earlier);

    internal static IResult List(string id, PageRequest page, Caller caller, PropertyCatalogue catalogue) =>
        catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal)
            ? Answer.Page("Hostnames retrieved successfully.", page, [.. property.Hostnames.Select(Item)])
            : refusal.ToAnswer();

    internal static async Task<IResult> Delete(
        string id,
        string hostnameId,
        Caller caller,
        PropertyCatalogue catalogue,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return (await catalogue.RemoveHostnameAsync(caller, property.Id, PathId.Read(hostnameId), stop)).Ok(out _, out refusal)
            ? Answer.Ok("Hostname deleted successfully.")
            : refusal.ToAnswer();
    }

    internal static HostnameItem Item(CatalogueHostname hostname) =>
        new(hostname.Id, hostname.Name, (int)hostname.State, hostname.CreatedAt);
}

/// <param name="Status">Active 0, PendingValidation 1.</param>
internal sealed record HostnameItem(long Id, string Name, int Status, DateTimeOffset CreatedAt);
