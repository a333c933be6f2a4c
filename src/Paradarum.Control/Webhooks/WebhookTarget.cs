using System.Net;
using Paradarum.Protocol;
using Paradarum.Protocol.Addresses;

namespace Paradarum.Control.Webhooks;

/// <summary>Where deliveries may go. What an account names must not become a way into the operator's own network.</summary>
internal static class WebhookTarget
{
    public const int LongestUrl = 2048;

    /// <summary>Loopback, private, link-local, unique local, shared (CGNAT), multicast, IPv4-mapped and reserved addresses are not.</summary>
    public static bool IsPublic(IPAddress address) => AddressRanges.RangeOf(address) == AddressRange.Public;

    /// <summary>An absolute http or https URL without credentials and fragment. Whether a name leads somewhere allowed is seen when connecting, each time.</summary>
    public static Result<Uri> Parse(string? text, bool allowPrivate)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Refusal.Malformed("Url is required.");
        if (
            text.Length > LongestUrl
            || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https")
            || url.UserInfo.Length > 0
            || url.Fragment.Length > 0
            || url.IdnHost.Length == 0
        )
            return Refusal.Malformed(
                $"Url must be an http or https URL of at most {LongestUrl} characters, without credentials and fragment."
            );
        if (!allowPrivate && IPAddress.TryParse(url.IdnHost.Trim('[', ']'), out var address) && !IsPublic(address))
            return Refusal.Malformed("Url leads to an address that is not public. The operator has not allowed that.");
        return url;
    }
}
