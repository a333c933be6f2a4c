using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;

namespace Paradarum.Control.Api;

/// <summary>
/// Where the endpoints of the API are mapped: says of each the statuses that its surroundings may answer in its place, so that no endpoint can forget them. Who asks
/// (401), what the credential may do (403) and how often (429) are judged before it, and a bug in it is 500.
/// </summary>
internal static class ApiRoutes
{
    public static IEndpointRouteBuilder MapApiRoutes(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("");
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            foreach (var status in FromSurroundings(endpoint.Metadata))
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(Envelope<object>), ["application/json"]));
        });
        return group;
    }

    private static int[] FromSurroundings(IList<object> metadata)
    {
        var declared = metadata.OfType<IProducesResponseTypeMetadata>().Select(answer => answer.StatusCode).ToHashSet();
        List<int> statuses = [StatusCodes.Status500InternalServerError];
        if (!metadata.OfType<IAllowAnonymous>().Any())
        {
            statuses.AddRange([StatusCodes.Status401Unauthorized, StatusCodes.Status429TooManyRequests]);
            if (!metadata.OfType<PurgeScopeAllowed>().Any())
                statuses.Add(StatusCodes.Status403Forbidden);
        }

        return [.. statuses.Where(status => !declared.Contains(status))];
    }
}
