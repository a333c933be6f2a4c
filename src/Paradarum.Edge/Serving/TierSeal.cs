using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Paradarum.Edge.Purging;

namespace Paradarum.Edge.Serving;

/// <summary>
/// What a PoP's request tells a shield (G4): the epoch, the property, the positions of that property's last purge and last configuration record,
/// from the very snapshot that stamped the fetch; whether the PoP is fenced (<see cref="Validate"/>); the visitor's scheme; who asks.
/// </summary>
internal sealed record TierRequest(
    string Epoch,
    long PropertyId,
    ulong LastPurge,
    ulong LastConfiguration,
    bool Validate,
    string Scheme,
    string Node
)
{
    /// <summary>The facts come from the snapshot that stamps the fetch; a promise raises the first position.</summary>
    public static TierRequest Of(NodeSnapshot snapshot, long propertyId, ulong promised, bool validate, string scheme, string node)
    {
        var property = snapshot.Properties[propertyId];
        return new(snapshot.Epoch, propertyId, Math.Max(property.LastPurge, promised), property.LastConfiguration, validate, scheme, node);
    }
}

/// <summary>Writes and reads that in two header fields, sealed with the fleet's key (HMAC-SHA256) together with method, host and target.</summary>
internal static class TierSeal
{
    public const string Facts = HeaderRules.InternalPrefix + "Tier";

    public const string Seal = HeaderRules.InternalPrefix + "Seal";

    /// <summary>On a refusal: why a shield will not answer a PoP, for the PoP to take the next one. Never sent to visitors.</summary>
    public const string Refused = HeaderRules.InternalPrefix + "Refused";

    /// <summary>On a shield's own 502, 503 and 504: what went wrong with the origin. Never sent to visitors.</summary>
    public const string Failed = HeaderRules.InternalPrefix + "Failed";

    /// <summary>On a response whose end the shield could not tell from its breaking off: a PoP must not store it either. Never sent to visitors.</summary>
    public const string Unended = HeaderRules.InternalPrefix + "Unended";

    private const string Version = "1";

    public static string Write(TierRequest tier) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Version};{tier.Epoch};{tier.PropertyId};{tier.LastPurge};{tier.LastConfiguration};{(tier.Validate ? 1 : 0)};{tier.Scheme};{tier.Node}"
        );

    public static string Sign(ReadOnlySpan<byte> key, string method, string host, string target, string facts) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Bytes(method, host, target, facts)));

    /// <summary>The facts, or null for anything that was not sealed with this key for this very request. Compared in constant time. Never throws.</summary>
    public static TierRequest? Read(ReadOnlySpan<byte> key, string method, string host, string target, string? facts, string? seal)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (key.IsEmpty || facts is null || seal is not { Length: 43 })
            return null;
        if (!Base64Url.IsValid(seal) || !Base64Url.TryDecodeFromChars(seal, given, out var written) || written != given.Length)
            return null;
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, Bytes(method, host, target, facts)), given))
            return null;

        return
            facts.Split(';') is [Version, var epoch, var property, var purge, var configuration, var validate, "http" or "https", var node]
            && long.TryParse(property, NumberStyles.None, CultureInfo.InvariantCulture, out var propertyId)
            && ulong.TryParse(purge, NumberStyles.None, CultureInfo.InvariantCulture, out var lastPurge)
            && ulong.TryParse(configuration, NumberStyles.None, CultureInfo.InvariantCulture, out var lastConfiguration)
            ? new(epoch, propertyId, lastPurge, lastConfiguration, validate == "1", facts.Split(';')[6], node)
            : null;
    }

    private static byte[] Bytes(string method, string host, string target, string facts) =>
        Encoding.UTF8.GetBytes($"{method}\n{host}\n{target}\n{facts}");
}
