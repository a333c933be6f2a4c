using System.CommandLine;
using System.CommandLine.Invocation;
using Paradarum;

var root = new RootCommand("Paradarum: a self-hosted CDN whose purges are provable.")
{
    UpCommand.Create(),
    ControlCommand.Create(),
    EdgeCommand.Create(),
    LoginCommand.Create(),
    PropertiesCommand.Create(),
    HostnamesCommand.Create(),
    KeysCommand.Create(),
    NodesCommand.Create(),
    PurgeCommand.Create(),
    ReceiptsCommand.Create(),
    AuditCommand.Create(),
    CompletionCommand.Create(),
    BackupCommand.CreateBackup(),
    BackupCommand.CreateRestore(),
};
var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
if (parsed.Action is ParseErrorAction error)
    error.ShowHelp = false; // the sentence says what to do; the whole help would push it off the screen

// What runs stops in good order on Ctrl-C and SIGTERM; the default would cut it off after two seconds. Longer than the longest --drain-for.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(6) });
