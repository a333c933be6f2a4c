using System.CommandLine;
using Paradarum.Control.PurgeLog;
using Paradarum.Options;
using Paradarum.Protocol;

namespace Paradarum;

/// <summary><c>paradarum backup</c> and <c>paradarum restore</c>: the control plane's database as one file.</summary>
internal static class BackupCommand
{
    internal static readonly Setting<string> Data = new(
        "data",
        "DIR",
        "The control plane's data folder.",
        SettingKinds.Folder,
        "paradarum-control"
    );
    private static readonly Setting<string> To = new("to", "FILE", "Where the backup goes; nothing is replaced.", SettingKinds.Folder);
    private static readonly Setting<string> From = new("from", "FILE", "A backup.", SettingKinds.ExistingFile);

    public static Command CreateBackup() =>
        Create(
            "backup",
            $"""
            Copy the control plane's database into one file while it runs. The copy is checked before it gets its name. It holds keys: mode 0600, keep it so.
            Nodes need no backup.

            {SettingSheet.Ways}

            Examples:
              paradarum backup --data /var/lib/paradarum --to /backup/paradarum-$(date +%F).db
              paradarum backup --data paradarum-data/control --to up.db
            """,
            To,
            (values, folder) =>
                values.Need(To) is { } to
                    ? () =>
                        Line(
                            LogBackup.Write(folder, to),
                            facts => $"paradarum backup: {to} holds the log up to position {facts.Head} ({facts.Bytes} bytes)"
                        )
                    : null
        );

    public static Command CreateRestore() =>
        Create(
            "restore",
            $"""
            Make an empty folder the control plane's data folder, from a backup. The log starts a new epoch: every node drops all it stored, former purge ids mean
            nothing any more, and no purge is complete before every lease that may have been granted has run out (11.3 minutes). Start the control plane afterwards.

            {SettingSheet.Ways}

            Examples:
              paradarum restore --from /backup/paradarum-2026-11-23.db --data /var/lib/paradarum
            """,
            From,
            (values, folder) =>
                values.Need(From) is { } from
                    ? () =>
                        Line(
                            LogBackup.Restore(from, folder),
                            facts =>
                                $"paradarum restore: {folder} goes on after position {facts.Head} in a new epoch. Start the control plane."
                        )
                    : null
        );

    private static Command Create(string name, string description, Setting<string> file, Func<SettingValues, string, Func<int>?> plan)
    {
        var command = new Command(name, description);
        var sheet = new SettingSheet(command);
        sheet.Add(Data);
        sheet.Add(file);
        command.SetAction(parsed =>
        {
            var values = sheet.Open(parsed, Environment.GetEnvironmentVariable);
            var run = plan(values, values.Read(Data)!);
            return run is null || values.Problems.Count > 0 ? ExitCode.Fail(values.Problems) : run();
        });
        return command;
    }

    private static int Line(Result<BackupFacts> result, Func<BackupFacts, string> line)
    {
        if (!result.Ok(out var facts, out var refusal))
            return ExitCode.Fail(refusal.Message);
        Console.WriteLine(line(facts));
        return ExitCode.Done;
    }
}
