using System.Text.Json;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Catalogue;

/// <summary>Whether a node of that id is a shield. Where nodes are kept says so.</summary>
internal delegate bool KnowsShield(string id);

/// <summary>The settings of a property as one object (contract part 3): sent whole, replaced whole. What is left out has its default.</summary>
/// <param name="BrowserOverride">Browsers keep what a PoP serves from its store for <paramref name="BrowserTtl"/> seconds, whatever the origin says.</param>
/// <param name="ShieldId">Null: the one that the hostname hashes to.</param>
/// <param name="StaleOn">Kept while Always Online is off.</param>
internal sealed record GeneralSettings(
    bool BrowserOverride,
    long BrowserTtl,
    QueryMode Query,
    bool ShieldEnabled,
    string? ShieldId,
    bool AlwaysOnline,
    StaleConditions StaleOn
)
{
    public HttpsChoice Https { get; init; } = HttpsChoice.None;

    /// <summary>Two years, what lists of such sites ask for.</summary>
    public const long LongestHsts = 63_072_000;

    public const long LongestBrowserTtl = int.MaxValue;
    public const int MostParameters = 100;
    public const int LongestParameter = 200;

    /// <summary>What Always Online means where no codes are named: every failure that is the origin's, no refusal.</summary>
    public const StaleConditions DefaultStaleOn =
        StaleConditions.Error
        | StaleConditions.Updating
        | StaleConditions.Timeout
        | StaleConditions.InvalidHeader
        | StaleConditions.Status500
        | StaleConditions.Status502
        | StaleConditions.Status503
        | StaleConditions.Status504;

    public static Result<GeneralSettings> Parse(JsonFields body, KnowsShield isShield)
    {
        if (!Section(body, "browser_caching").Ok(out var section, out var refusal))
            return refusal;
        if (!Browser(section).Ok(out var browser, out refusal))
            return refusal;
        if (!Section(body, "query_string").Ok(out section, out refusal))
            return refusal;
        if (!QueryOf(section).Ok(out var query, out refusal))
            return refusal;
        if (!Section(body, "origin_shield").Ok(out section, out refusal))
            return refusal;
        if (!Shield(section, isShield).Ok(out var shield, out refusal))
            return refusal;
        if (!Section(body, "always_online").Ok(out section, out refusal))
            return refusal;
        if (!Stale(section).Ok(out var stale, out refusal))
            return refusal;
        if (!Section(body, "https").Ok(out section, out refusal))
            return refusal;
        if (!HttpsOf(section).Ok(out var https, out refusal))
            return refusal;
        return new GeneralSettings(browser.Override, browser.Ttl, query, shield.Enabled, shield.Id, stale.Enabled, stale.On)
        {
            Https = https,
        };
    }

    private static readonly JsonFields Nothing = new(JsonDocument.Parse("{}").RootElement);

    private static Result<JsonFields> Section(JsonFields body, string name) =>
        body.Object(name).Ok(out var section, out var refusal) ? section ?? Nothing : refusal;

    private static Result<(bool Override, long Ttl)> Browser(JsonFields sent)
    {
        if (!sent.Text("mode").Ok(out var mode, out var refusal) || !sent.Number("ttl").Ok(out var ttl, out refusal))
            return refusal;
        if (mode is not (null or "origin" or "override"))
            return Refusal.Malformed("Browser_caching.mode must be origin or override.");
        if (ttl is < 0 or > LongestBrowserTtl)
            return Refusal.Malformed($"Browser_caching.ttl must be 0 to {LongestBrowserTtl} seconds.");
        if (mode is "override" && ttl is null)
            return Refusal.Malformed("Browser_caching.ttl is required when mode is override.");
        return (mode is "override", ttl ?? 0);
    }

    private static Result<QueryMode> QueryOf(JsonFields sent)
    {
        if (!sent.Text("mode").Ok(out var mode, out var refusal) || !sent.List("values", MostParameters).Ok(out var values, out refusal))
            return refusal;
        QueryModeKind? kind = mode switch
        {
            null or "none" => QueryModeKind.None,
            "ignore_all" => QueryModeKind.IgnoreAll,
            "except" => QueryModeKind.Except,
            "only" => QueryModeKind.Only,
            _ => null,
        };
        if (kind is null)
            return Refusal.Malformed("Query_string.mode must be none, ignore_all, except or only.");
        if (!Texts(values ?? []).Ok(out var names, out refusal) || names.Length > MostParameters || !names.All(IsParameter))
            return Refusal.Malformed(
                $"Query_string.values must hold at most {MostParameters} parameter names of 1 to {LongestParameter} characters, none of & = #."
            );
        return new QueryMode(kind.Value, [.. names.Distinct(StringComparer.Ordinal)]);
    }

    private static Result<(bool Enabled, string? Id)> Shield(JsonFields sent, KnowsShield isShield)
    {
        if (!sent.Flag("enabled").Ok(out var enabled, out var refusal) || !sent.Text("shield_id").Ok(out var id, out refusal))
            return refusal;
        if (string.IsNullOrWhiteSpace(id))
            id = null;
        if (id is not null && !isShield(id))
            return Refusal.Malformed($"Origin_shield.shield_id '{Refusal.Quoted(id)}' is not a shield of this installation.");
        return (enabled ?? true, id);
    }

    /// <summary>Codes may be texts or, where they are statuses, numbers.</summary>
    private static Result<(bool Enabled, StaleConditions On)> Stale(JsonFields sent)
    {
        if (!sent.Flag("enabled").Ok(out var enabled, out var refusal) || !sent.List("codes", 100).Ok(out var codes, out refusal))
            return refusal;
        var on = codes is null ? DefaultStaleOn : StaleConditions.None;
        foreach (var code in codes ?? [])
        {
            var text = code.ValueKind == JsonValueKind.Number ? code.GetRawText() : TextOf(code);
            var known = text is null ? StaleConditions.None : StaleCodes.Read(text);
            if (known == StaleConditions.None)
                return Refusal.Malformed(
                    $"Always_online.codes does not know '{Refusal.Quoted(text ?? code.GetRawText())}'. Use {string.Join(", ", StaleCodes.All)}."
                );
            on |= known;
        }
        if (enabled is true && on == StaleConditions.None)
            return Refusal.Malformed("Always_online.codes must name at least one code when it is enabled.");
        return (enabled ?? false, on);
    }

    private static Result<HttpsChoice> HttpsOf(JsonFields sent)
    {
        if (!sent.Flag("redirect").Ok(out var redirect, out var refusal) || !sent.Number("hsts").Ok(out var hsts, out refusal))
            return refusal;
        return hsts is < 0 or > LongestHsts
            ? Refusal.Malformed($"Https.hsts must be 0 to {LongestHsts} seconds.")
            : new HttpsChoice(redirect ?? false, hsts ?? 0);
    }

    private static Result<string[]> Texts(JsonElement[] elements)
    {
        var texts = elements.Select(TextOf).ToArray();
        return texts.Contains(null) ? Refusal.Malformed("") : texts!;
    }

    private static string? TextOf(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair
        }
    }

    private static bool IsParameter(string name) => name.Length is >= 1 and <= LongestParameter && name.AsSpan().IndexOfAny("&=#") < 0;
}
