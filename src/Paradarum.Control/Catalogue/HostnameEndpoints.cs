using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Catalogue.Verification;

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
            .MapPost("", Add)
            .WithSummary("Add a hostname: Active when it is under the system domain or its name resolves to a PoP, else pending")
            .Reads("HostnameRequest", new { name = "string" }, new { name = Shown.Name })
            .Produces<Envelope<HostnameItem>>(StatusCodes.Status201Created)
            .Shows(
                $"{HostnameDesk.AddedUnverified} {Shown.Name} resolves to 203.0.113.9; expected is a public address of a PoP: 192.0.2.7. Change its DNS record, then verify again.",
                Shown with
                {
                    Status = 1,
                }
            )
            .Refuses(404)
            .Refuses(409, Hostname.Taken(Shown.Name).Message);
        hostnames
            .MapPost("{hostnameId}/verify", Verify)
            .WithSummary("Look a pending hostname up again; it is Active from then on when its name resolves to a PoP")
            .Produces<Envelope<HostnameItem>>()
            .Shows("Hostname verified successfully.", Shown)
            .Refuses(404, "Hostname not found.");
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

    internal static async Task<IResult> Add(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        HostnameDesk desk,
        CancellationToken stop
    )
    {
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!opened.Body.Text("name").Ok(out var name, out refusal))
            return refusal.ToAnswer();
        return (await desk.AddAsync(caller, opened.Property.Id, name, stop)).Ok(out var added, out refusal)
            ? Answer.Created(
                added.Problem is { } problem ? $"{HostnameDesk.AddedUnverified} {problem}" : "Hostname created successfully.",
                Item(added.Hostname)
            )
            : refusal.ToAnswer();
    }

    /// <summary>200 either way: it was looked up, and the status says what came of it.</summary>
    internal static async Task<IResult> Verify(
        string id,
        string hostnameId,
        Caller caller,
        PropertyCatalogue catalogue,
        HostnameDesk desk,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return (await desk.VerifyAsync(caller, property.Id, PathId.Read(hostnameId), stop)).Ok(out var verified, out refusal)
            ? Answer.Ok(
                verified.Problem is { } problem ? $"WARNING: DNS verification failed. {problem}" : "Hostname verified successfully.",
                Item(verified.Hostname)
            )
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Delete(
        string id,
        string hostnameId,
        Caller caller,
        PropertyCatalogue catalogue,
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return (await changes.RemoveHostnameAsync(caller, property.Id, PathId.Read(hostnameId), stop)).Ok(out _, out refusal)
            ? Answer.Ok("Hostname deleted successfully.")
            : refusal.ToAnswer();
    }

    internal static HostnameItem Item(CatalogueHostname hostname) =>
        new(hostname.Id, hostname.Name, (int)hostname.State, hostname.CreatedAt);
}

/// <param name="Status">Active 0, PendingValidation 1.</param>
internal sealed record HostnameItem(long Id, string Name, int Status, DateTimeOffset CreatedAt);
