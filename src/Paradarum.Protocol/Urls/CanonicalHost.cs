using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Paradarum.Protocol.Urls;

/// <summary>Host names as keys hold them: lower case, A-labels, no trailing dot (contract 1.4).</summary>
/// <remarks>
/// A name in Unicode comes from the API only (a Host header is ASCII on the wire). It is lower-cased character by character and turned into A-labels
/// (RFC 3492); the program runs without ICU data, so it is taken to be in Unicode normal form C, as browsers and editors write it.
/// </remarks>
public static class CanonicalHost
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");
    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    private static readonly IdnMapping Idn = new() { AllowUnassigned = true, UseStd3AsciiRules = false };

    /// <summary>Reads a Host header or <c>:authority</c> value. The port is split off and returned as given (null when absent or the scheme's default).</summary>
    /// <returns>A host that is canonical already comes back as the same text. Never throws.</returns>
    public static Result<(string Host, int? Port)> Parse(string value, string scheme)
    {
        var isBracketed = value.StartsWith('[');
        var colon = isBracketed ? value.IndexOf("]:", StringComparison.Ordinal) + 1 : value.IndexOf(':', StringComparison.Ordinal);
        var hasPort = isBracketed ? colon > 0 : colon >= 0;
        if (!TryPort(hasPort ? value.AsSpan(colon + 1) : [], out var port))
            return Refused(value);

        var host = hasPort ? value[..colon] : value;
        var canonical = isBracketed ? Ipv6(host) : Name(host);
        if (canonical is null)
            return Refused(value);
        return (canonical, port == DefaultPort(scheme) ? null : port);
    }

    private static int? DefaultPort(string scheme) =>
        string.Equals(scheme, "http", StringComparison.OrdinalIgnoreCase) ? 80
        : string.Equals(scheme, "https", StringComparison.OrdinalIgnoreCase) ? 443
        : null;

    /// <summary>A colon with nothing after it is no port (RFC 3986 §3.2.3).</summary>
    private static bool TryPort(ReadOnlySpan<char> digits, out int? port)
    {
        port = null;
        if (digits.IsEmpty)
            return true;
        if (digits.Length > 5 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        port = number;
        return number is > 0 and <= 65535;
    }

    private static string? Ipv6(string bracketed)
    {
        if (!bracketed.EndsWith(']') || bracketed.AsSpan(1, bracketed.Length - 2).ContainsAnyExcept(Ipv6Characters))
            return null;
        return
            IPAddress.TryParse(bracketed.AsSpan(1, bracketed.Length - 2), out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[{address}]" // RFC 5952: lower case, longest run of zeros compressed
            : null;
    }

    private static string? Name(string host)
    {
        var name = System.Text.Ascii.IsValid(host) ? host.ToLowerInvariant() : ALabels(host);
        if (name is null)
            return null;
        if (name.EndsWith('.'))
            name = name[..^1];
        if (name.Length is 0 or > LongestName)
            return null;

        var lastLabel = name.AsSpan();
        foreach (var range in name.AsSpan().Split('.'))
        {
            lastLabel = name.AsSpan(range);
            if (lastLabel.IsEmpty || lastLabel.Length > LongestLabel || lastLabel.ContainsAnyExcept(LabelCharacters))
                return null;
            if (lastLabel[0] == '-' || lastLabel[^1] == '-')
                return null;
        }

        // What ends in a number is an address or nothing: 127.1 and 0x7f.1 would otherwise be other names for 127.0.0.1.
        if (!EndsInNumber(lastLabel))
            return name;
        return IPAddress.TryParse(name, out var address) && string.Equals(address.ToString(), name, StringComparison.Ordinal) ? name : null;
    }

    private static bool EndsInNumber(ReadOnlySpan<char> lastLabel) =>
        !lastLabel.ContainsAnyExceptInRange('0', '9') || (lastLabel.StartsWith("0x", StringComparison.Ordinal) && IsHex(lastLabel[2..]));

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiHexDigit(character))
                return false;
        }
        return true;
    }

    private static string? ALabels(string host)
    {
        if (host.Length > LongestName || !PercentEncoding.IsWellFormed(host))
            return null;
        try
        {
            return Idn.GetAscii(host.ToLowerInvariant().Replace('\u3002', '.')).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null; // an empty or overlong label, or characters that have no A-label
        }
    }

    private static Refusal Refused(string value) =>
        Refusal.Malformed(
            $"Host '{Refusal.Quoted(value)}' is not valid. Use a name, an IPv4 address or a bracketed IPv6 address, and a port from 1 to 65535 where one is needed."
        );
}
