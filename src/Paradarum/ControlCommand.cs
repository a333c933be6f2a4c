using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using Paradarum.Control;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue.Verification;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Webhooks;
using Paradarum.Options;
using Paradarum.Processes;

namespace Paradarum;

/// <summary><c>paradarum control</c>: the control plane as a process of its own.</summary>
internal static class ControlCommand
{
    private static readonly Setting<string> Data = new(
        "data",
        "DIR",
        "Folder for the database and operator.json. Created when missing; one process at a time.",
        SettingKinds.Folder,
        "paradarum-control"
    );
    private static readonly Setting<ListenAddress> ApiListen = new(
        "api-listen",
        "ADDRESS:PORT",
        "Where the REST API listens. Without --certificate that is HTTP in the clear: loopback only, or behind a TLS proxy.",
        SettingKinds.Listen,
        "localhost:5252"
    );
    private static readonly Setting<ListenAddress> FleetListen = new(
        "fleet-listen",
        "ADDRESS:PORT",
        "Where nodes connect (gRPC). Credentials and keys travel there: without --certificate loopback or a private network only.",
        SettingKinds.Listen,
        "localhost:5253"
    );
    private static readonly Setting<string> SystemDomain = new(
        "system-domain",
        "DOMAIN",
        "Each property gets the hostname NAME.DOMAIN, Active at once.",
        SettingKinds.Text,
        "cdn.localhost"
    );
    private static readonly Setting<ImmutableArray<IPEndPoint>> DnsServers = new(
        "dns-server",
        "SERVERS",
        "DNS servers that are asked whether a hostname leads to a PoP, with commas between them, in that order; this machine's when not set.",
        SettingKinds.DnsServers
    );
    private static readonly Setting<TimeSpan> Lease = new(
        "lease",
        "TIME",
        "How long a node counts as live after its heartbeat. A hung shield holds PoPs back for up to twice this.",
        SettingKinds.Time(FleetOptions.ShortestLease, FleetOptions.LongestLease),
        "3s"
    );
    private static readonly Setting<TimeSpan> Grace = new(
        "grace",
        "TIME",
        "How long a node that lost the control plane serves on after its lease; 0 is strict. A purge waits this long for it.",
        SettingKinds.Time(TimeSpan.Zero, FleetOptions.LongestGrace),
        "30s"
    );
    private static readonly Setting<bool> WebhooksAllowPrivate = new(
        "webhooks-allow-private",
        "YES|NO",
        "Whether webhooks may lead to private addresses. Any account can then reach what this machine can.",
        SettingKinds.YesNo,
        "no"
    );
    private static readonly Setting<long> KeyRate = new(
        "key-rate",
        "N",
        "Requests a second that one API key may send in the long run; more is answered 429 with Retry-After. 0: no limit.",
        SettingKinds.Number(0, KeyRateOptions.HighestRate),
        "0"
    );
    private static readonly Setting<long> KeyBurst = new(
        "key-burst",
        "N",
        "Requests that a key which was quiet may send at once; means nothing without --key-rate.",
        SettingKinds.Number(1, KeyRateOptions.LargestBurst),
        "100"
    );
    private static readonly Setting<long> LogRecords = new(
        "log-records",
        "N",
        "Records kept at most; receipts go with them.",
        SettingKinds.Number(1_000, 1_000_000_000),
        "1000000"
    );
    private static readonly Setting<long> LogBytes = new(
        "log-bytes",
        "SIZE",
        "Size of the records kept at most.",
        SettingKinds.Bytes(64L << 20, 1L << 40),
        "1GiB"
    );
    private static readonly Setting<Uri> AdvertiseApi = new(
        "advertise-api",
        "URL",
        "With --database: where the other control planes reach this one's API, to hand requests on to it while it works. Where it listens when that is one address.",
        SettingKinds.ServerUrl
    );
    private static readonly Setting<Uri> AdvertiseFleet = new(
        "advertise-fleet",
        "URL",
        "With --database: the same for the port of the nodes.",
        SettingKinds.ServerUrl
    );
    private static readonly Setting<bool> NewOperator = new(
        "new-operator",
        "YES|NO",
        "With --database: make a new operator's key and password although the installation has one, because operator.json is lost everywhere.",
        SettingKinds.YesNo,
        "no"
    );
    private static readonly Setting<TimeSpan> LogAge = new(
        "log-age",
        "TIME",
        "Records older than this are dropped.",
        SettingKinds.Time(TimeSpan.FromHours(1), TimeSpan.FromDays(3650)),
        "30d"
    );

    public static Command Create()
    {
        var command = new Command(
            "control",
            $$"""
            Run the control plane: the REST API, the purge log, and the port to which nodes connect.

            {{SettingSheet.Ways}}

            When it runs it prints one line, "paradarum control: ready api=... fleet=... credentials=...". The operator's API key and password are in
            operator.json in the data folder. SIGTERM stops it in good order.

            With --database several of them may run, and any of them can be asked: one works, the others hand requests and nodes on to it and take over
            when it ends or is cut off from the database (docs/operating/postgresql.md).

            Examples:
              paradarum control --data /var/lib/paradarum
              paradarum control --api-listen 10.0.0.5:5252 --fleet-listen 10.0.0.5:5253 --system-domain cdn.example.net
              paradarum control --api-listen *:443 --fleet-listen *:5253 --certificate control.pem --key control.key
              paradarum control --database "Host=db1,db2;Database=paradarum;Username=paradarum" --api-listen 10.0.0.5:5252 --fleet-listen 10.0.0.5:5253
              PARADARUM_GRACE=0 paradarum control --config /etc/paradarum/control.json

            Then make a place for each node, and start it with the token that this prints:
              key=$(sed -n 's/.*"apiKey": "\(.*\)".*/\1/p' /var/lib/paradarum/operator.json)
              curl -s http://localhost:5252/api/shield -H "X-API-Key: $key" -H 'Content-Type: application/json' -d '{"name":"shield-1"}'
            """
        );
        var sheet = new SettingSheet(command);
        foreach (var setting in new[] { ApiListen, FleetListen })
            sheet.Add(setting);
        sheet.Add(TlsSettings.Certificate);
        sheet.Add(TlsSettings.Key);
        sheet.Add(Data);
        sheet.Add(DatabaseSetting.Database);
        sheet.Add(AdvertiseApi);
        sheet.Add(AdvertiseFleet);
        sheet.Add(NewOperator);
        sheet.Add(SystemDomain);
        sheet.Add(DnsServers);
        sheet.Add(OriginSettings.Allow);
        sheet.Add(WebhooksAllowPrivate);
        foreach (var setting in new[] { Lease, Grace, LogAge })
            sheet.Add(setting);
        foreach (var setting in new[] { KeyRate, KeyBurst, LogRecords, LogBytes })
            sheet.Add(setting);
        TelemetrySettings.AddToControl(sheet);
        sheet.Add(ProcessLogging.Level);
        command.SetAction(
            async (parsed, stop) =>
            {
                var values = sheet.Open(parsed, Environment.GetEnvironmentVariable);
                var options = Read(values);
                foreach (var problem in options.Problems().Where(_ => values.Problems.Count == 0).ToList())
                    values.Add(problem);
                var logging = ProcessLogging.To(values.Read(ProcessLogging.Level));
                return values.Problems.Count > 0
                    ? ExitCode.Fail(values.Problems)
                    : await new ControlRunner(options, logging, values.Read(NewOperator)).RunAsync(stop);
            }
        );
        return command;
    }

    private static ControlPlaneOptions Read(SettingValues values)
    {
        var (api, fleet) = (values.Read(ApiListen)!, values.Read(FleetListen)!);
        return new ControlPlaneOptions
        {
            ApiAddress = api.Address,
            ApiPort = api.Port,
            FleetAddress = fleet.Address,
            FleetPort = fleet.Port,
            Certificate = TlsSettings.ReadCertificate(values),
            AdvertiseApi = values.Find(AdvertiseApi, out var advertised) ? advertised : null,
            AdvertiseFleet = values.Find(AdvertiseFleet, out var advertisedFleet) ? advertisedFleet : null,
            SystemDomain = values.Read(SystemDomain)!,
            Dns = values.Find(DnsServers, out var servers) ? new DnsOptions { Servers = servers } : new DnsOptions(),
            OriginsAllow = values.Read(OriginSettings.Allow),
            Webhooks = new WebhookOptions { AllowPrivateAddresses = values.Read(WebhooksAllowPrivate) },
            KeyRates = new KeyRateOptions { PerSecond = (int)values.Read(KeyRate), Burst = (int)values.Read(KeyBurst) },
            Telemetry = TelemetrySettings.ReadControl(values),
            Fleet = new FleetOptions { Lease = values.Read(Lease), Grace = values.Read(Grace) },
            Log = new LogOptions
            {
                Folder = values.Read(Data)!,
                Database = values.Find(DatabaseSetting.Database, out var database) ? database : null,
                MostRecords = values.Read(LogRecords),
                MostBytes = values.Read(LogBytes),
                OldestAge = values.Read(LogAge),
            },
        };
    }
}
