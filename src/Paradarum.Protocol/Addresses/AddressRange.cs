using System.Net;
using System.Net.Sockets;

namespace Paradarum.Protocol.Addresses;

/// <summary>From where an address can be reached, nearest to everybody first: what is allowed includes what stands before it (<see cref="AllowedAddresses"/>).</summary>
public enum AddressRange
{
    /// <summary>The Internet.</summary>
    Public,

    /// <summary>The machine itself.</summary>
    Loopback,

    /// <summary>A network of somebody's own: RFC 1918, shared (RFC 6598), unique local (RFC 4193).</summary>
    Private,

    /// <summary>Link-local, multicast, unspecified, documentation, other ways of writing an IPv4 address: no server of a site has one of these.</summary>
    Reserved,
}

/// <summary>What an operator lets names and addresses that accounts give lead to, besides public addresses. Each includes the one before.</summary>
public enum AllowedAddresses
{
    None,
    Loopback,
    Private,

    /// <summary>Link-local too: where many clouds tell a machine its own secrets (169.254.169.254).</summary>
    Any,
}

/// <summary>The special-purpose addresses of RFC 6890 and its registries. The one place where they are told apart.</summary>
public static class AddressRanges
{
    private static readonly IPNetwork[] Loopback = Networks("127.0.0.0/8", "::1/128");

    private static readonly IPNetwork[] Private = Networks("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7");

    private static readonly IPNetwork[] Reserved = Networks(
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        // Inside 2000::/3, which is all that is public of IPv6: documentation, and the ways of writing an IPv4 address in it.
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20"
    );

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>An IPv4-mapped address counts as the IPv4 address that is connected to by it; a public one is reserved, since nobody has cause to write it so.</summary>
    public static AddressRange RangeOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return RangeOf(address.MapToIPv4()) is var inside and not AddressRange.Public ? inside : AddressRange.Reserved;
        if (Array.Exists(Loopback, network => network.Contains(address)))
            return AddressRange.Loopback;
        if (Array.Exists(Private, network => network.Contains(address)))
            return AddressRange.Private;
        var isUsual = address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address);
        return isUsual && !Array.Exists(Reserved, network => network.Contains(address)) ? AddressRange.Public : AddressRange.Reserved;
    }

    /// <summary>Where a host leads that is an address (IPv6 in brackets or bare), or <c>localhost</c> and what is below it (RFC 6761 section 6.3). Null: a name, which says it only when it is looked up.</summary>
    public static AddressRange? RangeOf(string host)
    {
        if (IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address))
            return RangeOf(address);
        var name = host.TrimEnd('.');
        return
            name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            ? AddressRange.Loopback
            : null;
    }

    public static bool Lets(this AllowedAddresses allowed, AddressRange range) => (int)range <= (int)allowed;

    /// <summary>The least that lets a range through, as operators write it.</summary>
    public static string Word(this AddressRange range) =>
        range switch
        {
            AddressRange.Public => "none",
            AddressRange.Loopback => "loopback",
            AddressRange.Private => "private",
            _ => "any",
        };

    private static IPNetwork[] Networks(params string[] networks) => Array.ConvertAll(networks, network => IPNetwork.Parse(network));
}
