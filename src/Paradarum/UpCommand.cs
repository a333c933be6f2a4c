using System.CommandLine;
using System.CommandLine.Parsing;
using Paradarum.Control.Access;
using Paradarum.Control.Webhooks;
using Paradarum.Options;
using Paradarum.Processes;
using Paradarum.Protocol.Addresses;
using Paradarum.Up;

namespace Paradarum;

/// <summary><c>paradarum up</c>: a whole small CDN on this machine, in one process.</summary>
internal static class UpCommand
{
    private static readonly string[] Presets = ["wordpress", "prestashop"];

    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description =
                "Folder for the database, node identities and up.json. A second start with the same folder goes on where the first ended.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "paradarum-data",
        };
        var database = new Option<string?>($"--{DatabaseSetting.Name}")
        {
            Description = DatabaseSetting.Description,
            HelpName = DatabaseSetting.HelpName,
            CustomParser = result => Parsed(result, $"--{DatabaseSetting.Name}", DatabaseSetting.Kind),
        };
        var apiPort = Port("--api-port", "Port of the API.", UpOptions.DefaultApiPort);
        var firstEdgePort = Port(
            "--first-edge-port",
            "First port of the edges; they count up from here, shields before PoPs.",
            UpOptions.DefaultFirstEdgePort
        );
        var https = new Option<bool>("--https")
        {
            Description =
                "Serve HTTPS too, with a certificate of a local authority that is made once in the data folder; how to trust it is printed.",
        };
        var firstHttpsPort = Port(
            "--first-https-port",
            "First port of HTTPS; they count up from here, one for each PoP.",
            UpOptions.DefaultFirstHttpsPort
        );
        var shields = Count("--shields", "How many Origin Shields; 0 sends PoPs straight to the origin.", 1, least: 0);
        var pops = Count("--pops", "How many PoPs.", 2, least: 1);
        var site = new Option<string?>("--site")
        {
            Description = "Serve this folder as the origin, instead of the demo pages.",
            HelpName = "DIR",
        };
        site.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } folder && !Directory.Exists(folder))
                result.AddError($"--site: there is no folder '{folder}'.");
        });
        var origin = new Option<string?>("--origin")
        {
            Description = "Put this site behind the CDN, e.g. http://127.0.0.1:8000 or https://www.example.org.",
            HelpName = "URL",
        };
        origin.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } url && ParseOrigin(url) is null)
                result.AddError($"--origin: '{url}' is not an http:// or https:// address of a server (no path, query or user).");
        });
        var preset = new Option<string?>("--preset")
        {
            Description = "Cache rules to install: wordpress or prestashop. Without it: 60 s where the origin gives no freshness.",
            HelpName = "NAME",
        };
        preset.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !Presets.Contains(name, StringComparer.OrdinalIgnoreCase))
                result.AddError($"--preset: '{name}' is not known. Use wordpress or prestashop.");
        });
        var originsAllow = new Option<AllowedAddresses>($"--{OriginSettings.Name}")
        {
            Description = $"{OriginSettings.Allow.Description} [default: loopback]",
            HelpName = OriginSettings.Allow.HelpName,
            CustomParser = result => Parsed(result, $"--{OriginSettings.Name}", OriginSettings.Kind),
        };
        var webhooks = new Option<bool>("--webhooks-allow-private")
        {
            Description =
                "yes or no: whether webhooks may lead to private addresses, a receiver on this machine included. Any account can then reach what this machine can. [default: no]",
            HelpName = "YES|NO",
            CustomParser = result => Parsed(result, "--webhooks-allow-private", SettingKinds.YesNo),
        };
        var keyRate = Number(
            "--key-rate",
            "Requests a second that one API key may send; more is answered 429 with Retry-After. 0: no limit.",
            "N",
            0,
            0,
            KeyRateOptions.HighestRate
        );
        var keyBurst = Number(
            "--key-burst",
            "Requests that a key which was quiet may send at once; means nothing without --key-rate.",
            "N",
            new KeyRateOptions().Burst,
            1,
            KeyRateOptions.LargestBurst
        );
        var disk = new Option<long>("--disk-size")
        {
            Description = "Disk for each node's store, such as 1GiB; 0: memory alone.",
            HelpName = "SIZE",
            DefaultValueFactory = _ => 0,
            CustomParser = result => Parsed(result, "--disk-size", SettingKinds.Bytes(0, 1L << 50)),
        };

        var accessLog = new Option<string?>("--access-log")
        {
            Description = "Write a JSON line for each request to a node to this file; - is standard output.",
            HelpName = "FILE",
        };
        accessLog.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } file && !SettingKinds.AppendableFile.Parse(file, out _))
                result.AddError($"--access-log: '{file}' is not {SettingKinds.AppendableFile.Allowed}.");
        });

        var command = new Command(
            "up",
            """
            Start a small CDN on this machine: control plane, Origin Shield, PoPs and a demo origin.

            Examples:
              paradarum up                   # demo pages behind one shield and two PoPs
              paradarum up --https           # the same over HTTPS too
              paradarum up --site ./public   # a folder of files behind it
              paradarum up --origin http://127.0.0.1:8000 --preset wordpress
              paradarum up --shields 2 --pops 4 --data /var/tmp/cdn
            """
        )
        {
            data,
            database,
            apiPort,
            firstEdgePort,
            shields,
            pops,
            site,
            origin,
            preset,
            accessLog,
            originsAllow,
            webhooks,
            keyRate,
            keyBurst,
            disk,
            https,
            firstHttpsPort,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var options = new UpOptions
                {
                    DataFolder = Path.GetFullPath(parsed.GetRequiredValue(data)),
                    Database = parsed.GetValue(database),
                    ApiPort = parsed.GetValue(apiPort),
                    FirstEdgePort = parsed.GetValue(firstEdgePort),
                    Https = parsed.GetValue(https),
                    FirstHttpsPort = parsed.GetValue(firstHttpsPort),
                    Shields = parsed.GetValue(shields),
                    Pops = parsed.GetValue(pops),
                    Site = parsed.GetValue(site) is { } folder ? Path.GetFullPath(folder) : null,
                    Origin = parsed.GetValue(origin) is { } url ? ParseOrigin(url) : null,
                    Preset = parsed.GetValue(preset)?.ToLowerInvariant(),
                    AccessLog =
                        parsed.GetValue(accessLog) is { } file && SettingKinds.AppendableFile.Parse(file, out var full) ? full : null,
                    OriginsAllow = parsed.GetResult(originsAllow) is null ? AllowedAddresses.Loopback : parsed.GetValue(originsAllow),
                    Webhooks = new WebhookOptions { AllowPrivateAddresses = parsed.GetValue(webhooks) },
                    KeyRates = new KeyRateOptions { PerSecond = parsed.GetValue(keyRate), Burst = parsed.GetValue(keyBurst) },
                    DiskBytes = parsed.GetValue(disk),
                };
                if (options.Problems() is { Count: > 0 } problems)
                {
                    foreach (var problem in problems)
                        await Console.Error.WriteLineAsync(problem);
                    return 1;
                }
                return await UpRunner.RunAsync(options, stop);
            }
        );
        return command;
    }

    private static Uri? ParseOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && url is { PathAndQuery: "/", UserInfo: "", Fragment: "" }
            ? url
            : null;

    private static T Parsed<T>(ArgumentResult result, string name, SettingKind<T> kind)
    {
        if (kind.Parse(result.Tokens[0].Value, out var value))
            return value;
        result.AddError($"{name}: give {kind.Allowed}.");
        return default!;
    }

    private static Option<int> Port(string name, string description, int byDefault) =>
        Number(name, description, "P", byDefault, 1, ushort.MaxValue);

    private static Option<int> Count(string name, string description, int byDefault, int least) =>
        Number(name, description, "N", byDefault, least, UpOptions.MostNodes);

    private static Option<int> Number(string name, string description, string helpName, int byDefault, int least, int most)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description} {least} to {most}.",
            HelpName = helpName,
            DefaultValueFactory = _ => byDefault,
        };
        option.CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, out var value) && value >= least && value <= most)
                return value;
            result.AddError($"{name}: give a number from {least} to {most}.");
            return byDefault;
        };
        return option;
    }
}
