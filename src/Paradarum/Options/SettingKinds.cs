using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Paradarum.Options;

/// <summary>Where a server listens; no address is loopback, IPv4 and IPv6.</summary>
internal sealed record ListenAddress(IPAddress? Address, int Port)
{
    /// <summary>Every address of the machine: what others must use to reach it is not known from this.</summary>
    public bool IsWildcard => Address is not null && (Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any));

    /// <summary>Nowhere.</summary>
    public static readonly ListenAddress None = new(null, -1);

    public static bool TryParse(string text, out ListenAddress? value)
    {
        value = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return false;
        var host = text[..colon];
        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
            value = new ListenAddress(null, port);
        else if (host == "*")
            value = new ListenAddress(IPAddress.Any, port);
        // Brackets around IPv6 and only there; four numbers for IPv4, although the framework would take one.
        else if (
            (host.StartsWith('[') ? host.Contains(':', StringComparison.Ordinal) : host.Count(c => c == '.') == 3)
            && IPAddress.TryParse(host.Trim('[', ']'), out var address)
        )
            value = new ListenAddress(address, port);
        return value is not null;
    }
}

/// <summary>The kinds of settings there are.</summary>
internal static class SettingKinds
{
    public static readonly SettingKind<string> Text = new(
        (string text, out string value) => (value = text.Trim()).Length > 0,
        "usable: it is empty"
    );

    /// <summary>A folder, made absolute; it need not be there.</summary>
    public static readonly SettingKind<string> Folder = new(
        (string text, out string value) =>
        {
            value = text.Trim().Length > 0 ? Path.GetFullPath(text) : "";
            return value.Length > 0;
        },
        "a folder. Give a path, such as /var/lib/paradarum"
    );

    public static readonly SettingKind<string> ExistingFile = new(
        (string text, out string value) => File.Exists(value = Path.GetFullPath(text.Length > 0 ? text : ".")),
        "a file that is there. Give the path of a file that this user may read"
    );

    /// <summary>A file that lines can be appended to, made when it is not there, or <c>-</c> for standard output.</summary>
    public static readonly SettingKind<string> AppendableFile = new(
        (string text, out string value) =>
        {
            value = text.Trim() is "-" or "" ? text.Trim() : Path.GetFullPath(text.Trim());
            return value == "-" || (value.Length > 0 && CanAppend(value));
        },
        "a file that lines can be appended to. Give a path in a folder that this user may write, or - for standard output"
    );

    public static readonly SettingKind<ListenAddress> Listen = new(
        (string text, out ListenAddress value) => ListenAddress.TryParse(text, out value!),
        "ADDRESS:PORT. Write it as 127.0.0.1:5252, [::1]:5252, localhost:5252 or *:5252 for every address"
    );

    public static readonly SettingKind<ListenAddress> ListenOrNone = new(
        (string text, out ListenAddress value) =>
        {
            value = ListenAddress.None;
            return string.Equals(text, "none", StringComparison.OrdinalIgnoreCase) || ListenAddress.TryParse(text, out value!);
        },
        Listen.Allowed + ", or none"
    );

    /// <summary>Scheme, host and port; nothing after them.</summary>
    public static readonly SettingKind<Uri> ServerUrl = new(
        (string text, out Uri value) =>
            Uri.TryCreate(text, UriKind.Absolute, out value!)
            && value.Scheme is "http" or "https"
            && value is { PathAndQuery: "/", UserInfo: "", Fragment: "" },
        "the address of a server. Write it as http://10.0.0.5:5253 (no path, query or user)"
    );

    public static readonly SettingKind<ImmutableArray<Uri>> ServerUrls = new(
        TryServerUrls,
        "a list of servers' addresses. Write it as http://10.0.0.5:5253, or http://10.0.0.5:5253,http://10.0.0.6:5253 (no path, query or user)"
    );

    /// <summary>Port 53 where none is said.</summary>
    public static readonly SettingKind<ImmutableArray<IPEndPoint>> DnsServers = new(
        TryDnsServers,
        "a list of DNS servers by address. Write it as 10.0.0.2, or 10.0.0.2,10.0.0.3:5353,[2001:db8::53]:53"
    );

    public static readonly SettingKind<bool> YesNo = new(
        (string text, out bool value) =>
        {
            value = text.ToUpperInvariant() is "YES" or "TRUE" or "ON" or "1";
            return value || text.ToUpperInvariant() is "NO" or "FALSE" or "OFF" or "0";
        },
        "yes or no"
    );

    public static SettingKind<T> OneOf<T>(params (string Word, T Value)[] words) =>
        new(
            (string text, out T value) =>
            {
                var index = Array.FindIndex(words, pair => string.Equals(pair.Word, text, StringComparison.OrdinalIgnoreCase));
                value = index < 0 ? default! : words[index].Value;
                return index >= 0;
            },
            $"one of {string.Join(", ", words.Select(pair => pair.Word))}"
        );

    public static SettingKind<long> Number(long least, long most) =>
        new(
            (string text, out long value) =>
                long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
                && value >= least
                && value <= most,
            $"a whole number from {least} to {most}"
        );

    public static SettingKind<long> Bytes(long least, long most) =>
        new(
            (string text, out long value) => TryBytes(text, out value) && value >= least && value <= most,
            $"a size from {Written(least)} to {Written(most)}. Write it as {Written(least)}, with KiB, MiB, GiB or TiB"
        );

    public static SettingKind<TimeSpan> Time(TimeSpan least, TimeSpan most) =>
        new(
            (string text, out TimeSpan value) => TryTime(text, out value) && value >= least && value <= most,
            $"a time from {Written(least)} to {Written(most)}. Write it as {Written(most)}, with ms, s, m, h or d"
        );

    private static readonly (string Unit, long Bytes) OneByte = ("", 1);
    private static readonly (string Unit, long Bytes)[] Sizes =
    [
        ("KiB", 1L << 10),
        ("MiB", 1L << 20),
        ("GiB", 1L << 30),
        ("TiB", 1L << 40),
    ];

    // "ms" before "s" and "m": the first that fits is taken.
    private static readonly (string Unit, TimeSpan Length)[] Times =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    private static bool CanAppend(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool TryBytes(string text, out long value)
    {
        var (unit, size) = Sizes.FirstOrDefault(known => text.EndsWith(known.Unit, StringComparison.OrdinalIgnoreCase), OneByte);
        value = 0;
        if (!TryCount(text, unit, out var count) || count > long.MaxValue / size)
            return false;
        value = count * size;
        return true;
    }

    private static bool TryTime(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text == "0")
            return true;
        var (unit, length) = Times.FirstOrDefault(time => text.EndsWith(time.Unit, StringComparison.Ordinal));
        if (unit is null || !TryCount(text, unit, out var count) || count > int.MaxValue)
            return false;
        value = length * count;
        return true;
    }

    private static bool TryCount(string text, string unit, out long count) =>
        long.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out count);

    private static string Written(long bytes)
    {
        var (unit, size) = Sizes.LastOrDefault(known => bytes >= known.Bytes && bytes % known.Bytes == 0, OneByte);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{unit}");
    }

    private static string Written(TimeSpan time)
    {
        if (time == TimeSpan.Zero)
            return "0";
        var (unit, length) = Times.Last(unit => time.Ticks % unit.Length.Ticks == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{time.Ticks / length.Ticks}{unit}");
    }

    private static bool TryServerUrls(string text, out ImmutableArray<Uri> value)
    {
        var urls = ImmutableArray.CreateBuilder<Uri>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!ServerUrl.Parse(part, out var url))
                break;
            urls.Add(url);
        }
        value = urls.ToImmutable();
        return value.Length == text.Count(c => c == ',') + 1;
    }

    private static bool TryDnsServers(string text, out ImmutableArray<IPEndPoint> value)
    {
        var servers = ImmutableArray.CreateBuilder<IPEndPoint>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            // Four numbers for IPv4, although the framework would take one.
            var usual = part.Contains('[', StringComparison.Ordinal) || part.Count(c => c == ':') > 1 || part.Count(c => c == '.') == 3;
            if (!usual || !IPEndPoint.TryParse(part, out var server))
                break;
            servers.Add(server.Port == 0 ? new IPEndPoint(server.Address, 53) : server);
        }
        value = servers.ToImmutable();
        return value.Length == text.Count(c => c == ',') + 1;
    }
}
