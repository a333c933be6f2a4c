using System.CommandLine;
using System.CommandLine.Invocation;
using Paradarum;
using Paradarum.Options;

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
    MigrateCommand.Create(),
};
CommandHelp.AddTo(root);
var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
if (parsed.Action is ParseErrorAction error)
    return CommandHelp.SayWhatIsWrong(parsed, error);

// What runs stops in good order on Ctrl-C and SIGTERM; the default would cut it off after two seconds. Longer than the longest --drain-for.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(6) });
