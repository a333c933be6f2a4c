using Paradarum.Protocol.Addresses;

namespace Paradarum.Edge.Serving;

/// <summary>Which tier a node is in (design section 1).</summary>
public enum EdgeRole
{
    Pop,
    Shield,
}

/// <summary>What an operator may set on a node. Checked once, at the start, by <see cref="Validate"/>.</summary>
public sealed record EdgeOptions
{
    /// <summary>Names the node in <c>Via</c>, <c>Cache-Status</c> and <c>CDN-Loop</c>, after <c>paradarum-</c>. 1 to 63 lower-case letters, digits and hyphens; unique in the fleet, else requests between tiers look like loops.</summary>
    public required string Name { get; init; }

    public required EdgeRole Role { get; init; }

    /// <summary>Bytes of memory for stored responses, bodies and their headers. Default 256 MiB, 1 MiB to 1 TiB. When full, the least useful go.</summary>
    public long StoreBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of disk for stored responses, all files together. Default 0: none, memory is all there is. Else 16 MiB to 1 PiB. Half of <see cref="StoreBytes"/> then holds the heads of what is on disk.</summary>
    public long DiskBytes { get; init; }

    /// <summary>Largest body that is stored, in bytes. Default 32 MiB, 1 KiB to <see cref="StoreBytes"/>. Larger ones are kept in slices where the origin
    /// serves byte ranges under a strong entity tag; else they stream through a window of <see cref="WindowBytes"/> and are not stored.</summary>
    public long LargestStoredBody { get; init; } = 32L << 20;

    /// <summary>
    /// Bytes of one slice of a body above <see cref="LargestStoredBody"/>. Default 1 MiB, 64 KiB to 16 MiB; best the same on PoPs and shields. A visitor holds one slice in
    /// memory beyond what is stored; smaller slices are more requests to the origin.
    /// </summary>
    public int SliceBytes { get; init; } = 1 << 20;

    /// <summary>Slices that are fetched before a visitor has come to them. Default 2, 0 to 16. More keep a far origin's connections busier, and waste more when a visitor leaves.</summary>
    public int SlicesAhead { get; init; } = 2;

    /// <summary>How far an upstream may run ahead of the slowest visitor of a response that is not stored, in bytes. Default 1 MiB, 64 KiB to 64 MiB.</summary>
    public long WindowBytes { get; init; } = 1L << 20;

    /// <summary>Which addresses of origins are connected to besides public ones. Default none: an account's origin could else be what only this machine can reach.</summary>
    public AllowedAddresses OriginsAllow { get; init; }

    /// <summary>Time to connect to an origin or shield. Default 3 s, 10 ms to 1 min. After it the next one is tried.</summary>
    public TimeSpan ConnectAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time from sending a request to an origin until its response head. Default 30 s, 10 ms to 10 min. After it: 504, or a stale response where that is allowed.</summary>
    public TimeSpan OriginHeadAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The same for a shield. Default 35 s, longer than a shield waits for the origin. After it the next shield or the origin is asked.</summary>
    public TimeSpan ShieldHeadAfter { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>Longest silence inside a body. Default 60 s, 10 ms to 10 min. After it the body counts as broken off.</summary>
    public TimeSpan BodyIdleAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a shield that did not answer is not tried. Default 3 s, 0 to 5 min.</summary>
    public TimeSpan ShieldRestsFor { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Requests of one property at one origin or shield at once, and so its connections. Default 256, 1 to 65 536. More requests wait: this bounds a herd that may not share.</summary>
    public int ConnectionsPerUpstream { get; init; } = 256;

    /// <summary>Requests of one property that wait for one of those. Default 1 024, 0 to 65 536; 0: none waits. More are sent to the next upstream, or answered 503 with Retry-After, or stale where that is allowed.</summary>
    public int QueuePerUpstream { get; init; } = 1024;

    /// <summary>Bytes of request headers. Default 32 KiB, 1 KiB to 1 MiB. More is answered 431.</summary>
    public int LargestRequestHeaders { get; init; } = 32 << 10;

    /// <summary>Whether a visitor's no-cache, max-age, min-fresh and only-if-cached count. Default no: else a reload in a browser empties the cache's use (RFC 9111 §5.2.1 makes them advisory).</summary>
    public bool VisitorsDirectCache { get; init; }

    /// <summary>Whether an <c>X-Request-Id</c> that a visitor sends is kept. Default no: set it only behind a proxy of your own, else anybody writes into your logs.</summary>
    public bool TrustsRequestIds { get; init; }

    /// <summary>Whether answers from the store have an <c>X-Request-Id</c> too, and not only those for which upstream was asked. Default no; an access log wants it.</summary>
    public bool NamesEveryRequest { get; init; }

    /// <summary>The port at which visitors find this node over HTTPS; null: they don't, and none is redirected there.</summary>
    public int? HttpsPort { get; init; }

    /// <summary>Every setting that is out of range, each error naming its key; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        void Check(bool good, string key, string allowed)
        {
            if (!good)
                errors.Add($"{key} must be {allowed}.");
        }

        Check(
            Name is { Length: >= 1 and <= 63 } && Name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'),
            nameof(Name),
            "1 to 63 lower-case letters, digits and hyphens"
        );
        Check(Enum.IsDefined(Role), nameof(Role), "Pop or Shield");
        Check(Enum.IsDefined(OriginsAllow), nameof(OriginsAllow), "None, Loopback, Private or Any");
        Check(StoreBytes is >= 1 << 20 and <= 1L << 40, nameof(StoreBytes), "1 MiB to 1 TiB");
        Check(DiskBytes is 0 or (>= 16 << 20 and <= 1L << 50), nameof(DiskBytes), "0 or 16 MiB to 1 PiB");
        Check(LargestStoredBody >= 1024 && LargestStoredBody <= StoreBytes, nameof(LargestStoredBody), "1 KiB to StoreBytes");
        Check(SliceBytes is >= 64 << 10 and <= 16 << 20, nameof(SliceBytes), "64 KiB to 16 MiB");
        Check(SlicesAhead is >= 0 and <= 16, nameof(SlicesAhead), "0 to 16");
        Check(WindowBytes is >= 64 << 10 and <= 64 << 20, nameof(WindowBytes), "64 KiB to 64 MiB");
        Check(Within(ConnectAfter, TimeSpan.FromMinutes(1)), nameof(ConnectAfter), "10 ms to 1 min");
        Check(Within(OriginHeadAfter, TimeSpan.FromMinutes(10)), nameof(OriginHeadAfter), "10 ms to 10 min");
        Check(Within(ShieldHeadAfter, TimeSpan.FromMinutes(10)), nameof(ShieldHeadAfter), "10 ms to 10 min");
        Check(Within(BodyIdleAfter, TimeSpan.FromMinutes(10)), nameof(BodyIdleAfter), "10 ms to 10 min");
        Check(ShieldRestsFor >= TimeSpan.Zero && ShieldRestsFor <= TimeSpan.FromMinutes(5), nameof(ShieldRestsFor), "0 to 5 min");
        Check(ConnectionsPerUpstream is >= 1 and <= 65_536, nameof(ConnectionsPerUpstream), "1 to 65536");
        Check(QueuePerUpstream is >= 0 and <= 65_536, nameof(QueuePerUpstream), "0 to 65536");
        Check(LargestRequestHeaders is >= 1 << 10 and <= 1 << 20, nameof(LargestRequestHeaders), "1 KiB to 1 MiB");
        return errors;
    }

    private static bool Within(TimeSpan value, TimeSpan most) => value >= TimeSpan.FromMilliseconds(10) && value <= most;
}
