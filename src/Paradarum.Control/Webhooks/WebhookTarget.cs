using System.Net;
using System.Net.Sockets;
using Paradarum.Protocol;

namespace Paradarum.Control.Webhooks;

/// <summary>Where deliveries may go. What an account names must not become a way into the operator's own network.</summary>
internal static class WebhookTarget
{
    public const int LongestUrl = 2048;

    /// <summary>Not to be reached from outside, or not one machine: RFC 6890 and its registries.</summary>
    private static readonly IPNetwork[] Closed =
    [
        .. new[]
        {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            // Inside 2000::/3, which is all that is let through of IPv6: documentation, and the ways of writing an IPv4 address in it.
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Loopback, private, link-local, unique local, shared (CGNAT), multicast, IPv4-mapped and reserved addresses are not.</summary>
    public static bool IsPublic(IPAddress address) =>
        !address.IsIPv4MappedToIPv6
        && (
            address.AddressFamily == AddressFamily.InterNetwork
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && GlobalUnicast.Contains(address))
        )
        && !Array.Exists(Closed, network => network.Contains(address));

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
