using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control;
using Paradarum.Control.PurgeLog;
using Paradarum.Options;

namespace Paradarum;

/// <summary><c>paradarum migrate</c>: from SQLite to PostgreSQL.</summary>
internal static class MigrateCommand
{
    private static readonly Setting<bool> From = new("from", "sqlite", "What is moved.", SettingKinds.OneOf(("sqlite", true)), "sqlite");
    private static readonly Setting<bool> To = new("to", "postgres", "Where to.", SettingKinds.OneOf(("postgres", true)), "postgres");

    public static Command Create()
    {
        var command = new Command(
            "migrate",
            $"""
            Move a stopped control plane's database from SQLite into an empty PostgreSQL database. The epoch stays: nothing that was answered 200 is lost, purge ids hold,
            and nodes go on from where they are when the control plane is back. The file is kept under another name, so that both can't be started.

            {SettingSheet.Ways}

            Example:
              systemctl stop paradarum-control
              paradarum migrate --from sqlite --to postgres --data /var/lib/paradarum-control --database "Host=db1,db2;Database=paradarum;Username=paradarum"
              paradarum control --data /var/lib/paradarum-control --database "Host=db1,db2;Database=paradarum;Username=paradarum"
            """
        );
        var sheet = new SettingSheet(command);
        sheet.Add(From);
        sheet.Add(To);
        sheet.Add(BackupCommand.Data);
        sheet.Add(DatabaseSetting.Database);
        command.SetAction(
            async (parsed, stop) =>
            {
                var values = sheet.Open(parsed, Environment.GetEnvironmentVariable);
                var database = values.Need(DatabaseSetting.Database);
                _ = (values.Read(From), values.Read(To));
                return values.Problems.Count > 0
                    ? ExitCode.Fail(values.Problems)
                    : await RunAsync(values.Read(BackupCommand.Data)!, database!, stop);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(string folder, string database, CancellationToken stop)
    {
        try
        {
            var moved = await DatabaseMove.RunAsync(
                folder,
                database,
                TimeProvider.System,
                NullLogger.Instance,
                line => Console.Error.WriteLine($"  {line}"),
                stop
            );
            if (!moved.Ok(out var facts, out var refusal))
                return ExitCode.Fail(refusal.Message);
            await Console.Out.WriteLineAsync(
                $"paradarum migrate: {facts.Rows} rows moved, the log up to position {facts.Head}; it goes on as the same epoch {facts.Epoch}, because nothing is lost. "
                    + $"The former database is {facts.KeptAs}. Start the control plane with --database."
            );
            return ExitCode.Done;
        }
        catch (LogCannotStartException e)
        {
            return ExitCode.Fail($"{e.Message} Nothing was moved.");
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or UnauthorizedAccessException)
        {
            return ExitCode.Fail($"{e.Message} Nothing was moved; run it again when that is mended.");
        }
    }
}
