using System.Text.Json.Serialization;
using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Catalogue;

/// <summary>General settings of a property (contract part 3): one object with snake_case names.</summary>
internal static class GeneralSettingsEndpoints
{
    public static void MapGeneralSettings(this IEndpointRouteBuilder routes)
    {
        var settings = routes.MapGroup("/api/property/{id}/general-settings").WithTags("Catalogue");
        settings
            .MapGet("", Read)
            .WithSummary("Read the property's general settings")
            .Produces<Envelope<GeneralSettingsItem>>()
            .Shows("General settings retrieved successfully.", Shown)
            .Refuses(404);
        settings
            .MapPut("", Replace)
            .WithSummary("Replace all of the property's general settings; what is left out has its default")
            .Reads(
                "GeneralSettingsRequest",
                new
                {
                    browser_caching = new { mode = "string?", ttl = "integer?" },
                    query_string = new { mode = "string?", values = "string[]?" },
                    origin_shield = new { enabled = "boolean?", shield_id = "string?" },
                    always_online = new { enabled = "boolean?", codes = "string[]?" },
                    https = new { redirect = "boolean?", hsts = "integer?" },
                },
                Shown
            )
            .Produces<Envelope<GeneralSettingsItem>>()
            .Shows("General settings updated successfully.", Shown)
            .Refuses(404);
    }

    private static GeneralSettingsItem Shown =>
        new(
            new("override", 3600),
            new("except", ["utm_source", "utm_campaign"]),
            new(Enabled: true, ApiExamples.ShieldId),
            new(Enabled: true, ["error", "timeout", "500", "502", "503", "504"]),
            new(Redirect: true, 31_536_000)
        );

    internal static IResult Read(string id, Caller caller, PropertyCatalogue catalogue) =>
        catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal)
            ? Answer.Ok("General settings retrieved successfully.", Item(property.General))
            : refusal.ToAnswer();

    internal static async Task<IResult> Replace(
        string id,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyChanges changes,
        KnowsShield isShield,
        CancellationToken stop
    )
    {
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out var refusal))
            return refusal.ToAnswer();
        if (!GeneralSettings.Parse(opened.Body, isShield).Ok(out var settings, out refusal))
            return refusal.ToAnswer();
        return (await changes.SetGeneralAsync(caller, opened.Property.Id, settings, stop)).Ok(out var changed, out refusal)
            ? Answer.Ok("General settings updated successfully.", Item(changed.General))
            : refusal.ToAnswer();
    }

    internal static GeneralSettingsItem Item(GeneralSettings settings) =>
        new(
            new(settings.BrowserOverride ? "override" : "origin", settings.BrowserTtl),
            new(Word(settings.Query.Kind), settings.Query.Values),
            new(settings.ShieldEnabled, settings.ShieldId),
            new(settings.AlwaysOnline, [.. StaleCodes.Written(settings.StaleOn)]),
            new(settings.Https.Redirect, settings.Https.HstsSeconds)
        );

    private static string Word(QueryModeKind kind) =>
        kind switch
        {
            QueryModeKind.IgnoreAll => "ignore_all",
            QueryModeKind.Except => "except",
            QueryModeKind.Only => "only",
            _ => "none",
        };
}

internal sealed record GeneralSettingsItem(
    [property: JsonPropertyName("browser_caching")] BrowserCachingItem BrowserCaching,
    [property: JsonPropertyName("query_string")] QueryStringItem QueryString,
    [property: JsonPropertyName("origin_shield")] OriginShieldItem OriginShield,
    [property: JsonPropertyName("always_online")] AlwaysOnlineItem AlwaysOnline,
    [property: JsonPropertyName("https")] HttpsItem Https
);

/// <param name="Mode">origin, or override: browsers keep for ttl seconds what a PoP serves from its store.</param>
internal sealed record BrowserCachingItem(string Mode, long Ttl);

/// <param name="Mode">none: the whole query is in the key; ignore_all: none of it; except: only values; only: all but values.</param>
internal sealed record QueryStringItem(string Mode, IReadOnlyList<string> Values);

/// <param name="ShieldId">null: by rendezvous hash of the hostname.</param>
internal sealed record OriginShieldItem(bool Enabled, [property: JsonPropertyName("shield_id")] string? ShieldId);

/// <param name="Codes">When stale responses are served instead of a failure.</param>
internal sealed record AlwaysOnlineItem(bool Enabled, IReadOnlyList<string> Codes);

/// <param name="Redirect">From http to https, for hostnames that have a certificate.</param>
/// <param name="Hsts">Seconds for which browsers are told to come over HTTPS alone; 0: they are not told.</param>
internal sealed record HttpsItem(bool Redirect, long Hsts);
