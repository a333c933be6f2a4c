using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paradarum.Control.Api;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>What a cache rule does beside its TTL (contract part 3, <c>featuresJson</c>): who is served past the cache, and what is in the key.</summary>
internal sealed record RuleFeatures(ImmutableArray<string> BypassCookies, KeyParts Key)
{
    public const int MostBypassCookies = 50;
    public const int MostKeyParts = 10;
    public const int LongestName = 100;

    public static readonly RuleFeatures None = new([], KeyParts.None);

    // RFC 9110 section 5.6.2: what header and cookie names are made of.
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    );

    // Keyed already, of the connection or of one visitor alone, or set by the node: as a part of the key each would mean something else than its name says.
    private static readonly FrozenSet<string> NotInKeys = new[]
    {
        "accept-encoding",
        "authorization",
        "connection",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-purge-position",
        "x-real-ip",
        "x-request-id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads what a client sent: a text that holds a JSON object, as the field's name says, or the object itself.</summary>
    public static Result<RuleFeatures> Parse(JsonElement? sent)
    {
        if (sent is not { } element)
            return None;
        if (element.ValueKind == JsonValueKind.String)
        {
            if (string.IsNullOrWhiteSpace(element.GetString()))
                return None;
            if (!JsonBody.ParseObject(System.Text.Encoding.UTF8.GetBytes(element.GetString()!)).Ok(out var inText, out _))
                return Refusal.Malformed("FeaturesJson must hold a JSON object.");
            return Parse(inText);
        }
        return element.ValueKind == JsonValueKind.Object
            ? Parse(new JsonFields(element))
            : Refusal.Malformed("FeaturesJson must hold a JSON object.");
    }

    private static Result<RuleFeatures> Parse(JsonFields fields)
    {
        if (!Names(fields, "bypass_cookies", MostBypassCookies).Ok(out var bypass, out var refusal))
            return refusal;
        if (!fields.Object("cache_key").Ok(out var key, out refusal))
            return refusal;
        if (key is not { } parts)
            return new RuleFeatures(bypass, KeyParts.None);
        if (!parts.Flag("include_query_string").Ok(out var query, out refusal))
            return refusal;
        if (!Names(parts, "include_headers", MostKeyParts).Ok(out var headers, out refusal))
            return refusal;
        if (!Names(parts, "include_cookies", MostKeyParts).Ok(out var cookies, out refusal))
            return refusal;
        if (headers.FirstOrDefault(IsNoPartOfKeys) is { } no)
            return Refusal.Malformed(
                $"Include_headers must not name '{no}': it is keyed already, belongs to one visitor or connection, or is set by the node."
            );
        return new RuleFeatures(bypass, KeyParts.Of(QueryOf(query), headers, cookies));
    }

    /// <summary>As <see cref="Parse(JsonElement?)"/> reads it and clients get it; only what is set.</summary>
    public string Write()
    {
        var written = new JsonObject();
        if (!BypassCookies.IsEmpty)
            written["bypass_cookies"] = Array(BypassCookies);
        if (Key.Equals(KeyParts.None))
            return written.ToJsonString(ApiJson.Options);
        var key = new JsonObject();
        if (Key.Query != RuleQuery.AsProperty)
            key["include_query_string"] = Key.Query == RuleQuery.Whole;
        if (!Key.Headers.IsEmpty)
            key["include_headers"] = Array(Key.Headers);
        if (!Key.Cookies.IsEmpty)
            key["include_cookies"] = Array(Key.Cookies);
        written["cache_key"] = key;
        return written.ToJsonString(ApiJson.Options);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static RuleFeatures Read(string kept)
    {
        using var document = JsonDocument.Parse(kept);
        return Parse(document.RootElement).Ok(out var features, out var refusal)
            ? features
            : throw new InvalidOperationException($"The database holds features of a rule that can't be read: {refusal.Message}");
    }

    /// <summary>True takes the whole query, false none of it, whatever the property does; not said, the property's query-string mode.</summary>
    private static RuleQuery QueryOf(bool? included) =>
        included switch
        {
            null => RuleQuery.AsProperty,
            true => RuleQuery.Whole,
            _ => RuleQuery.None,
        };

    private static bool IsNoPartOfKeys(string header) =>
        NotInKeys.Contains(header) || header.StartsWith("X-Paradarum-", StringComparison.OrdinalIgnoreCase);

    private static Result<ImmutableArray<string>> Names(JsonFields fields, string field, int most)
    {
        if (!fields.List(field, most).Ok(out var sent, out var refusal))
            return refusal;
        if (sent is null)
            return ImmutableArray<string>.Empty;
        var names = ImmutableArray.CreateBuilder<string>(sent.Length);
        foreach (var element in sent)
        {
            if (element.ValueKind == JsonValueKind.String && IsName(element))
                names.Add(element.GetString()!);
        }
        return sent.Length <= most && names.Count == sent.Length
            ? names.Distinct(StringComparer.Ordinal).ToImmutableArray()
            : Refusal.Malformed(
                $"{char.ToUpperInvariant(field[0])}{field[1..]} must hold at most {most} names of 1 to {LongestName} letters, digits and the other characters of header and cookie names."
            );
    }

    private static bool IsName(JsonElement element)
    {
        try
        {
            return element.GetString() is { Length: >= 1 and <= LongestName } name && !name.AsSpan().ContainsAnyExcept(Token);
        }
        catch (InvalidOperationException)
        {
            return false; // half a surrogate pair
        }
    }

    private static JsonArray Array(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)JsonValue.Create(name))]);
}
