using System.Collections.Immutable;
using System.CommandLine;
using Paradarum.Edge;
using Paradarum.Edge.Serving;
using Paradarum.Options;
using Paradarum.Processes;

namespace Paradarum;

/// <summary><c>paradarum edge</c>: one node, shield or PoP, as a process of its own.</summary>
internal static class EdgeCommand
{
    private static readonly Setting<EdgeRole> Role = new(
        "role",
        "ROLE",
        "What this node is: shield or pop, as it was registered.",
        SettingKinds.OneOf(("shield", EdgeRole.Shield), ("pop", EdgeRole.Pop))
    );
    private static readonly Setting<string> Data = new(
        "data",
        "DIR",
        "Folder for the node's identity. Created when missing; one process at a time; one folder for each node.",
        SettingKinds.Folder
    );
    private static readonly Setting<ImmutableArray<Uri>> Control = new(
        "control",
        "URLS",
        "The control plane's fleet address, such as http://10.0.0.5:5253; where several stand by for one another, all of them with commas between.",
        SettingKinds.ServerUrls
    );
    private static readonly Setting<ListenAddress> Listen = new(
        "listen",
        "ADDRESS:PORT",
        "Where it listens without TLS, a PoP for visitors, a shield for PoPs; none: nowhere.",
        SettingKinds.ListenOrNone,
        "localhost:8080"
    );
    private static readonly Setting<ListenAddress> Https = new(
        "https",
        "ADDRESS:PORT",
        "Where it listens with TLS: a PoP with the certificates of hostnames, a shield with its own (--certificate).",
        SettingKinds.Listen
    );
    private static readonly Setting<Uri> PublicUrl = new(
        "public-url",
        "URL",
        "Where others reach it, when that is not where it listens: PoPs a shield, visitors a PoP.",
        SettingKinds.ServerUrl
    );
    private static readonly Setting<string> Token = new(
        "enrolment-token",
        "TOKEN",
        "Proves at the first start that the operator wants this node; not needed later. Others on the machine can read flags: prefer the file.",
        SettingKinds.Text
    )
    {
        IsSecret = true,
    };
    private static readonly Setting<string> TokenFile = new(
        "enrolment-token-file",
        "FILE",
        "File that holds the enrolment token.",
        SettingKinds.ExistingFile
    );

    public static Command Create()
    {
        var command = new Command(
            "edge",
            $"""
            Run one node: an Origin Shield or a PoP.

            {SettingSheet.Ways}

            It prints "paradarum edge: listening url=... id=... name=... role=..." once it listens, and the same with "ready" when it serves on its own word.
            SIGTERM stops it in good order. Register the node first (POST /api/shield or /api/node); that gives the enrolment token.

            Examples:
              paradarum edge --role shield --control http://10.0.0.5:5253 --listen 10.0.0.6:8080 --data /var/lib/paradarum-shield --enrolment-token-file token
              paradarum edge --role pop --control http://10.0.0.5:5253 --listen *:80 --https *:443 --public-url http://192.0.2.7 --data /var/lib/paradarum-pop
              paradarum edge --role shield --control https://control.example.net:5253 --control-ca ca.pem --listen none --https 10.0.0.6:8443 --certificate shield.pem --key shield.key --data /var/lib/paradarum-shield
              PARADARUM_ENROLMENT_TOKEN=pde_... paradarum edge --config /etc/paradarum/edge.json
            """
        );
        var sheet = new SettingSheet(command);
        sheet.Add(Role);
        sheet.Add(Control);
        sheet.Add(Listen);
        sheet.Add(Https);
        sheet.Add(TlsSettings.Certificate);
        sheet.Add(TlsSettings.Key);
        sheet.Add(TlsSettings.ControlRoots);
        sheet.Add(TlsSettings.UpstreamRoots);
        sheet.Add(PublicUrl);
        sheet.Add(Data);
        sheet.Add(Token);
        sheet.Add(TokenFile);
        EdgeTuning.AddTo(sheet);
        TelemetrySettings.AddToEdge(sheet);
        sheet.Add(ProcessLogging.Level);
        command.SetAction(
            async (parsed, stop) =>
            {
                var values = sheet.Open(parsed, Environment.GetEnvironmentVariable);
                var options = Read(values);
                return values.Problems.Count > 0 ? ExitCode.Fail(values.Problems) : await EdgeRunner.RunAsync(options, stop);
            }
        );
        return command;
    }

    private static NodeHostOptions Read(SettingValues values)
    {
        // In the order of the help: so are the problems.
        var role = values.Need(Role);
        var controls = values.Need(Control) is { IsDefaultOrEmpty: false } given ? given : [new Uri("http://localhost")];
        var listen = values.Read(Listen)!;
        values.Find(PublicUrl, out var publicUrl);
        var certificate = TlsSettings.ReadCertificate(values);
        var https = ReadHttps(values, role, listen, certificate is not null, publicUrl is not null);
        if (listen.IsWildcard && publicUrl is null)
            values.Add("--public-url is needed when --listen names every address: say where others reach this node.");
        var data = values.Need(Data) ?? "";
        var token = ReadToken(values);
        if (token is null && data.Length > 0 && values.Problems.Count == 0 && !NodeHost.HasIdentity(data))
            values.Add(
                $"--enrolment-token-file is needed: {data} holds no identity yet. Register the node (POST /api/shield or /api/node) and give its token."
            );
        var edge = EdgeTuning.Read(values, role);
        return new NodeHostOptions(edge, data, controls[0], listen.Port)
        {
            OtherControls = controls[1..],
            Address = listen.Address,
            ListensHttp = listen != ListenAddress.None,
            Https = https,
            Certificate = certificate,
            ControlRoots = TlsSettings.ReadRoots(values, TlsSettings.ControlRoots),
            UpstreamRoots = TlsSettings.ReadRoots(values, TlsSettings.UpstreamRoots),
            PublicUrl = publicUrl,
            EnrolmentToken = token,
            DrainFor = EdgeTuning.ReadDrain(values),
            AccessLog = EdgeTuning.ReadAccessLog(values),
            Otlp = TelemetrySettings.ReadEdge(values),
            Logging = ProcessLogging.To(values.Read(ProcessLogging.Level)),
        };
    }

    private static HttpsOptions? ReadHttps(
        SettingValues values,
        EdgeRole role,
        ListenAddress listen,
        bool hasCertificate,
        bool hasPublicUrl
    )
    {
        if (!values.Find(Https, out var https))
        {
            if (listen == ListenAddress.None)
                values.Add("--https is needed when --listen is none: the node would listen nowhere.");
            else if (hasCertificate)
                values.Add("--https is needed with --certificate: say where the node listens with TLS.");
            return null;
        }
        if (role == EdgeRole.Shield && !hasCertificate)
            values.Add("--certificate and --key are needed with --https on a shield: PoPs verify it by its own name.");
        if (https.IsWildcard && !listen.IsWildcard && !hasPublicUrl)
            values.Add("--public-url is needed when --https names every address: say where others reach this node.");
        return new HttpsOptions(https.Address, https.Port);
    }

    private static string? ReadToken(SettingValues values)
    {
        var given = values.Find(Token, out var token);
        if (!values.Find(TokenFile, out var file))
            return token;
        if (given)
        {
            values.Add("--enrolment-token and --enrolment-token-file exclude each other: keep the file.");
            return null;
        }
        try
        {
            token = File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            values.Add($"--enrolment-token-file: {e.Message}");
            return null;
        }
        if (token.Length == 0)
            values.Add($"--enrolment-token-file: {file} is empty. It holds the token that the registration gave.");
        return token;
    }
}
