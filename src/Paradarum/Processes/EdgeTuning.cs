using Paradarum.Edge.Serving;
using Paradarum.Edge.Telemetry;
using Paradarum.Options;

namespace Paradarum.Processes;

/// <summary>How a node serves: the settings of <see cref="EdgeOptions"/>, whose ranges and consequences are documented there.</summary>
internal static class EdgeTuning
{
    private static readonly TimeSpan TenMilliseconds = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan OneMinute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    private static readonly Setting<long> Store = new(
        "store-size",
        "SIZE",
        "Memory for stored responses.",
        SettingKinds.Bytes(1L << 20, 1L << 40),
        "256MiB"
    );
    private static readonly Setting<long> Disk = new(
        "disk-size",
        "SIZE",
        "Disk for stored responses, in the folder store of --data; 0: none. Half of --store-size then holds the heads of what is on disk.",
        SettingKinds.Bytes(0, 1L << 50),
        "0"
    );
    private static readonly Setting<long> LargestBody = new(
        "largest-stored-body",
        "SIZE",
        "Larger bodies are kept in slices where the origin serves byte ranges under a strong ETag, else passed through.",
        SettingKinds.Bytes(1L << 10, 1L << 40),
        "32MiB"
    );
    private static readonly Setting<long> Slice = new(
        "slice-size",
        "SIZE",
        "One slice of a larger body; best the same on PoPs and shields.",
        SettingKinds.Bytes(64L << 10, 16L << 20),
        "1MiB"
    );
    private static readonly Setting<long> SlicesAhead = new(
        "slices-ahead",
        "N",
        "Slices fetched before a visitor has come to them.",
        SettingKinds.Number(0, 16),
        "2"
    );
    private static readonly Setting<long> Window = new(
        "window-size",
        "SIZE",
        "How far an upstream may run ahead of the slowest visitor of a body that is not stored.",
        SettingKinds.Bytes(64L << 10, 64L << 20),
        "1MiB"
    );
    private static readonly Setting<TimeSpan> Connect = new(
        "connect-after",
        "TIME",
        "Time to connect to an origin or shield; then the next one is tried.",
        SettingKinds.Time(TenMilliseconds, OneMinute),
        "3s"
    );
    private static readonly Setting<TimeSpan> OriginHead = new(
        "origin-head-after",
        "TIME",
        "Time until an origin's response head; then 504, or stale where that is allowed.",
        SettingKinds.Time(TenMilliseconds, TenMinutes),
        "30s"
    );
    private static readonly Setting<TimeSpan> ShieldHead = new(
        "shield-head-after",
        "TIME",
        "Time until a shield's response head; then the next shield or the origin is asked.",
        SettingKinds.Time(TenMilliseconds, TenMinutes),
        "35s"
    );
    private static readonly Setting<TimeSpan> BodyIdle = new(
        "body-idle-after",
        "TIME",
        "Longest silence inside a body.",
        SettingKinds.Time(TenMilliseconds, TenMinutes),
        "1m"
    );
    private static readonly Setting<TimeSpan> ShieldRests = new(
        "shield-rests-for",
        "TIME",
        "How long a shield that did not answer is not tried.",
        SettingKinds.Time(TimeSpan.Zero, TimeSpan.FromMinutes(5)),
        "3s"
    );
    private static readonly Setting<long> Connections = new(
        "connections-per-upstream",
        "N",
        "Connections of one property to one origin or shield.",
        SettingKinds.Number(1, 65_536),
        "256"
    );
    private static readonly Setting<long> Queue = new(
        "queue-per-upstream",
        "N",
        "Requests of one property that wait for one of those; more are answered 503, or stale where that is allowed.",
        SettingKinds.Number(0, 65_536),
        "1024"
    );
    private static readonly Setting<long> RequestHeaders = new(
        "largest-request-headers",
        "SIZE",
        "More is answered 431.",
        SettingKinds.Bytes(1 << 10, 1 << 20),
        "32KiB"
    );
    private static readonly Setting<bool> VisitorsDirect = new(
        "visitors-direct-cache",
        "YES|NO",
        "Whether a visitor's no-cache, max-age and the like count.",
        SettingKinds.YesNo,
        "no"
    );

    private static readonly Setting<bool> TrustIds = new(
        "trust-request-id",
        "YES|NO",
        "Whether an X-Request-Id that a visitor sends is kept; only behind a proxy of your own.",
        SettingKinds.YesNo,
        "no"
    );
    private static readonly Setting<string> AccessLogFile = new(
        "access-log",
        "FILE",
        "Write a JSON line for each request to this file; - is standard output.",
        SettingKinds.AppendableFile
    );
    private static readonly Setting<long> AccessLogSample = new(
        "access-log-sample",
        "N",
        "Write one of so many requests.",
        SettingKinds.Number(1, 1_000_000),
        "1"
    );
    private static readonly Setting<TimeSpan> Drain = new(
        "drain-for",
        "TIME",
        "How long requests that run may take to their end once the node is stopped.",
        SettingKinds.Time(TimeSpan.Zero, TimeSpan.FromMinutes(5)),
        "10s"
    );

    /// <summary>Null: requests are not logged.</summary>
    public static AccessLogOptions? ReadAccessLog(SettingValues values)
    {
        var sample = (int)values.Read(AccessLogSample);
        return values.Find(AccessLogFile, out var file) ? new AccessLogOptions(file, sample) : null;
    }

    public static TimeSpan ReadDrain(SettingValues values) => values.Read(Drain);

    public static void AddTo(SettingSheet sheet)
    {
        foreach (var size in new[] { Store, Disk, LargestBody, Slice, SlicesAhead, Window, RequestHeaders, Connections, Queue })
            sheet.Add(size);
        foreach (var time in new[] { Connect, OriginHead, ShieldHead, BodyIdle, ShieldRests })
            sheet.Add(time);
        sheet.Add(OriginSettings.Allow);
        sheet.Add(VisitorsDirect);
        sheet.Add(TrustIds);
        sheet.Add(AccessLogFile);
        sheet.Add(AccessLogSample);
        sheet.Add(Drain);
    }

    /// <summary>Without a name: the node takes the one it was registered with.</summary>
    public static EdgeOptions Read(SettingValues values, EdgeRole role)
    {
        var options = new EdgeOptions
        {
            Name = "",
            Role = role,
            OriginsAllow = values.Read(OriginSettings.Allow),
            StoreBytes = values.Read(Store),
            DiskBytes = values.Read(Disk),
            LargestStoredBody = values.Read(LargestBody),
            SliceBytes = (int)values.Read(Slice),
            SlicesAhead = (int)values.Read(SlicesAhead),
            WindowBytes = values.Read(Window),
            ConnectAfter = values.Read(Connect),
            OriginHeadAfter = values.Read(OriginHead),
            ShieldHeadAfter = values.Read(ShieldHead),
            BodyIdleAfter = values.Read(BodyIdle),
            ShieldRestsFor = values.Read(ShieldRests),
            ConnectionsPerUpstream = (int)values.Read(Connections),
            QueuePerUpstream = (int)values.Read(Queue),
            LargestRequestHeaders = (int)values.Read(RequestHeaders),
            VisitorsDirectCache = values.Read(VisitorsDirect),
            TrustsRequestIds = values.Read(TrustIds),
        };
        if (options.DiskBytes is > 0 and < 16 << 20)
            values.Add("--disk-size is less than 16MiB, which no store works in. Raise it, or give 0 for none.");
        if (options.LargestStoredBody > options.StoreBytes)
            values.Add("--largest-stored-body is more than --store-size. Lower it, or raise the other.");
        return options;
    }
}
