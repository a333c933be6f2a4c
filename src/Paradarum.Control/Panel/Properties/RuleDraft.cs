using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Control.Api;
using Paradarum.Control.Catalogue;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Panel.Properties;

/// <summary>A cache rule while it is being written. It becomes the very object that a client would send, and is read by the API's own reader.</summary>
internal sealed class RuleDraft
{
    /// <summary>Null for a new one.</summary>
    public long? Id { get; private init; }

    public string Name { get; set; } = "";

    public string Pattern { get; set; } = "";

    public string Match { get; set; } = Number((int)CacheRuleMatch.StartsWith);

    public string Ttl { get; set; } = Number(RuleOrder.DefaultTtl);

    public string Order { get; set; } = "";

    public bool IsEnabled { get; set; } = true;

    public string Description { get; set; } = "";

    /// <summary>Names with commas or spaces between.</summary>
    public string BypassCookies { get; set; } = "";

    /// <summary>Empty: as the property does; else true or false.</summary>
    public string Query { get; set; } = "";

    public string Headers { get; set; } = "";

    public string Cookies { get; set; } = "";

    public static RuleDraft Of(CatalogueRule rule)
    {
        var features = RuleFeatures.Read(rule.FeaturesJson);
        return new RuleDraft
        {
            Id = rule.Id,
            Name = rule.Name,
            Pattern = rule.Pattern,
            Match = Number((int)rule.MatchType),
            Ttl = Number(rule.TtlSeconds),
            Order = Number(rule.Order),
            IsEnabled = rule.IsEnabled,
            Description = rule.Description,
            BypassCookies = string.Join(", ", features.BypassCookies),
            Query = features.Key.Query switch
            {
                RuleQuery.Whole => "true",
                RuleQuery.None => "false",
                _ => "",
            },
            Headers = string.Join(", ", features.Key.Headers),
            Cookies = string.Join(", ", features.Key.Cookies),
        };
    }

    /// <summary>The rule, or the sentence that the API would refuse it with.</summary>
    public Result<RuleOrder> Parse()
    {
        var key = new JsonObject();
        if (Query.Length > 0)
            key["include_query_string"] = Query == "true";
        Put(key, "include_headers", Headers);
        Put(key, "include_cookies", Cookies);
        var features = new JsonObject();
        Put(features, "bypass_cookies", BypassCookies);
        if (key.Count > 0)
            features["cache_key"] = key;
        var body = new JsonObject
        {
            ["name"] = Name,
            ["pattern"] = Pattern,
            ["matchType"] = Whole(Match),
            ["ttlSeconds"] = Whole(Ttl),
            ["order"] = Order.Trim().Length == 0 ? null : Whole(Order),
            ["isEnabled"] = IsEnabled,
            ["description"] = Description,
            ["featuresJson"] = features,
        };
        return JsonBody.ParseObject(JsonSerializer.SerializeToUtf8Bytes(body)).Ok(out var fields, out var refusal)
            ? RuleOrder.Parse(fields)
            : refusal;
    }

    /// <summary>A number, or the text as it stands: then the reader says what is wrong with it.</summary>
    private static JsonValue Whole(string text) =>
        long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? JsonValue.Create(number)
            : JsonValue.Create(text);

    private static void Put(JsonObject target, string field, string names)
    {
        var split = names.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (split.Length > 0)
            target[field] = new JsonArray([.. split.Select(name => (JsonNode)JsonValue.Create(name))]);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
