using Paradarum.Control.Access;
using Paradarum.Control.Webhooks;
using Paradarum.Protocol.Addresses;

namespace Paradarum.Up;

/// <summary>What <c>paradarum up</c> was asked to start; checked by <see cref="UpCommand"/> before anything runs.</summary>
internal sealed record UpOptions
{
    public const int DefaultApiPort = 5252;
    public const int DefaultFirstEdgePort = 5260;

    public const int DefaultFirstHttpsPort = 5443;

    /// <summary>Most nodes of one role; each is a Kestrel server in this process.</summary>
    public const int MostNodes = 64;

    /// <summary>Holds the database, the nodes' identities and up.json. Created when missing; one process at a time.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Npgsql's connection string; null: a file of the folder.</summary>
    public string? Database { get; init; }

    public int ApiPort { get; init; } = DefaultApiPort;

    /// <summary>Ports count up from here, shields before PoPs.</summary>
    public int FirstEdgePort { get; init; } = DefaultFirstEdgePort;

    /// <summary>Whether PoPs serve HTTPS too, with a certificate of a local authority.</summary>
    public bool Https { get; init; }

    /// <summary>Ports of HTTPS count up from here.</summary>
    public int FirstHttpsPort { get; init; } = DefaultFirstHttpsPort;

    public int Shields { get; init; } = 1;

    public int Pops { get; init; } = 2;

    /// <summary>A folder to serve as the origin; null: the demo origin, unless <see cref="Origin"/> is set.</summary>
    public string? Site { get; init; }

    /// <summary>A real site to put behind the CDN.</summary>
    public Uri? Origin { get; init; }

    /// <summary><c>wordpress</c>, <c>prestashop</c>, or null for one catch-all of 60 s.</summary>
    public string? Preset { get; init; }

    /// <summary>Where origins may lead besides public addresses: this machine, where most sites that are tried run.</summary>
    public AllowedAddresses OriginsAllow { get; init; } = AllowedAddresses.Loopback;

    /// <summary>Where webhooks may lead; not to private addresses, unless it was asked for.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>How fast one API key may ask; without limit, unless it was asked for.</summary>
    public KeyRateOptions KeyRates { get; init; } = new();

    /// <summary>A file for a JSON line of each request to any node, <c>-</c> for standard output; null: none.</summary>
    public string? AccessLog { get; init; }

    /// <summary>Bytes of disk for each node's store; 0: memory alone.</summary>
    public long DiskBytes { get; init; }

    public int PortOfShield(int index) => FirstEdgePort + index;

    public int PortOfPop(int index) => FirstEdgePort + Shields + index;

    public int HttpsPortOfPop(int index) => FirstHttpsPort + index;

    /// <summary>What is wrong with the options together, all of it at once; each sentence names its option.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Site is not null && Origin is not null)
            problems.Add("--site and --origin exclude each other: there is one origin here.");
        if (DiskBytes is > 0 and < 16 << 20)
            problems.Add("--disk-size: less than 16MiB, which no store works in. Raise it, or give 0 for none.");
        if (Origin is not null && AddressRanges.RangeOf(Origin.Host) is { } range && !OriginsAllow.Lets(range))
            problems.Add($"--origin: {Origin.Host} is not a public address. Add --origins-allow {range.Word()}.");
        var last = FirstEdgePort + Shields + Pops - 1;
        if (last > ushort.MaxValue)
            problems.Add($"--first-edge-port: the edges would need ports up to {last}; the highest is {ushort.MaxValue}.");
        if (ApiPort >= FirstEdgePort && ApiPort <= last)
            problems.Add($"--api-port: {ApiPort} is one of the edges' ports ({FirstEdgePort} to {last}). Choose another.");
        if (Https && FirstHttpsPort + Pops - 1 is var lastSecured && lastSecured > ushort.MaxValue)
            problems.Add($"--first-https-port: the PoPs would need ports up to {lastSecured}; the highest is {ushort.MaxValue}.");
        else if (Https && FirstHttpsPort <= last && FirstHttpsPort + Pops > FirstEdgePort)
            problems.Add(
                $"--first-https-port: {FirstHttpsPort} and on overlaps the edges' ports ({FirstEdgePort} to {last}). Choose another."
            );
        else if (Https && ApiPort >= FirstHttpsPort && ApiPort < FirstHttpsPort + Pops)
            problems.Add($"--api-port: {ApiPort} is one of the PoPs' HTTPS ports. Choose another.");
        return problems;
    }
}
