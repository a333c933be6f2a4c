using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Protocol;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Catalogue;

/// <summary>An origin server of a property as it is kept.</summary>
internal sealed class PropertyOrigin
{
    public long Id { get; init; }

    public long PropertyId { get; init; }

    /// <summary>Origins are tried in this order.</summary>
    public required int Place { get; init; }

    public required string Scheme { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string HostHeader { get; init; }

    public required bool SslVerify { get; init; }

    public static PropertyOrigin Of(Origin origin, int place) =>
        new()
        {
            Place = place,
            Scheme = origin.Scheme,
            Host = origin.Host,
            Port = origin.Port,
            HostHeader = origin.HostHeader,
            SslVerify = origin.SslVerify,
        };

    public Origin ToOrigin() => new(Scheme, Host, Port, HostHeader, SslVerify);

    /// <summary>
    /// Reads an address as the contract allows it (part 3): name, name:port, IPv4, bracketed IPv6, with <c>http://</c> or <c>https://</c> or without. Without scheme and
    /// port it is port 80; without a scheme, port 443 means <c>https</c> (our choice: nothing else answers there).
    /// </summary>
    public static Result<Origin> Parse(string? host, string? hostHeader, bool sslVerify)
    {
        if (string.IsNullOrWhiteSpace(host))
            return Refusal.Malformed("Host of an origin is required.");
        var (scheme, address) = Split(host.Trim());
        if (scheme is "" || !TryPort(address, out var name, out var port) || !TryHost(name, out var canonical))
            return Refusal.Malformed(
                $"Origin '{host}' is not supported. Use a name, an IPv4 address or an IPv6 address in brackets, with an optional port and http:// or https://."
            );
        var header = "";
        if (!string.IsNullOrWhiteSpace(hostHeader))
        {
            if (!TryPort(hostHeader.Trim(), out var headerName, out var headerPort) || !TryHost(headerName, out header))
                return Refusal.Malformed($"HostHeader '{hostHeader}' is not a host name.");
            if (headerPort is { } number)
                header = string.Create(CultureInfo.InvariantCulture, $"{header}:{number}");
        }

        scheme ??= port == 443 ? "https" : "http";
        return new Origin(scheme, canonical, port ?? (scheme == "https" ? 443 : 80), header, sslVerify);
    }

    /// <summary>Why an origin that is an address, or <c>localhost</c>, may not be one; null when it may. Of a name the nodes judge the addresses, each time they connect.</summary>
    public static Refusal? Refused(Origin origin, AllowedAddresses allowed) =>
        AddressRanges.RangeOf(origin.Host) is { } range && !allowed.Lets(range)
            ? Refusal.Malformed(
                $"Origin '{origin.Host}' leads to an address that is not public. The operator has not allowed that (--origins-allow {range.Word()})."
            )
            : null;

    /// <summary>Scheme null when there is none, empty when it is one we do not speak. One trailing slash is no part of an address.</summary>
    private static (string? Scheme, string Address) Split(string text)
    {
        var end = text.IndexOf("://", StringComparison.Ordinal);
        if (end < 0)
            return (null, text);
        var scheme = text[..end].ToLowerInvariant();
        var address = text[(end + 3)..];
        return (scheme is "http" or "https" ? scheme : "", address.EndsWith('/') ? address[..^1] : address);
    }

    private static bool TryPort(string address, out string host, out int? port)
    {
        (host, port) = (address, null);
        var colon = address.LastIndexOf(':');
        if (colon < 0 || (address.StartsWith('[') && address.EndsWith(']')))
            return true;
        host = address[..colon];
        if (
            !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number is < 1 or > 65535
        )
            return false;
        port = number;
        return true;
    }

    private static bool TryHost(string text, out string canonical)
    {
        canonical = "";
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            if (!IPAddress.TryParse(text.AsSpan(1, text.Length - 2), out var six) || six.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
            canonical = $"[{six}]";
            return true;
        }

        if (text.Contains(':', StringComparison.Ordinal) || !CanonicalHost.Parse(text, "http").Ok(out var parsed, out _))
            return false;
        canonical = parsed.Host;
        return canonical.Length > 0;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<PropertyOrigin>
    {
        public void Configure(EntityTypeBuilder<PropertyOrigin> builder)
        {
            builder.ToTable("origins");
            builder.Property(origin => origin.Host).HasMaxLength(255);
        }
    }
}
