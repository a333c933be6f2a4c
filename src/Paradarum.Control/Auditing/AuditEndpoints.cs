using System.Text.Json;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Protocol;

namespace Paradarum.Control.Auditing;

/// <summary>The audit trail (docs/decisions/audit.md): an account sees its own, the operator all of it.</summary>
internal static class AuditEndpoints
{
    private static readonly Refusal Restricted = new(RefusalKind.Forbidden, "A restricted API key may not read the audit trail.");

    public static void AddAuditing(this IServiceCollection services) => services.AddSingleton<AuditReader>();

    public static void MapAuditing(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/audit", List)
            .WithTags("Audit")
            .WithSummary(
                "Who did what: changes, purges and sign-ins, newest first, counted up to 10 000; with after, what came since, oldest first"
            )
            .TakesQuery("type", "Only entries about this.", AuditTypes.All)
            .TakesQuery("property", "Only entries about the property with this id.")
            .TakesQuery("actor", "Only what this one did: the first 8 characters of a key, an e-mail address, system.")
            .TakesQuery("since", "Only entries from this time on, such as 2026-01-31T12:00:00Z.")
            .TakesQuery("after", "Only entries after the one with this id, oldest first.")
            .ProducesPage<AuditItem>()
            .Shows("Audit trail retrieved successfully.", Shown)
            .Refuses(400, "After must be the id of an entry.");

    private static AuditItem Shown =>
        new(
            "417-23",
            ApiExamples.Now,
            AuditTypes.Origin,
            "changed",
            7,
            "shop",
            ApiExamples.KeyPrefix,
            "198.51.100.7",
            "0HNK3M5T6VQ2A:00000003",
            JsonSerializer.SerializeToElement(new { origins = new[] { new { host = "http://old.example.com:80" } } }, ApiJson.Options),
            JsonSerializer.SerializeToElement(new { origins = new[] { new { host = "http://new.example.com:80" } } }, ApiJson.Options)
        );

    internal static IResult List(HttpRequest request, PageRequest page, Caller caller, AuditReader trail)
    {
        // A key for some properties would see what was done to the others, and one for purges everything.
        if (caller.IsRestricted)
            return Restricted.ToAnswer();
        if (!AuditFilter.Parse(caller, request.Query).Ok(out var filter, out var refusal))
            return refusal.ToAnswer();
        var (items, total) = trail.Read(caller, filter, page);
        return Answer.Page("Audit trail retrieved successfully.", page, items, total);
    }
}
