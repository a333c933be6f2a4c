using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.PurgeLog;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

/// <summary>
/// This assembly started once more as a process that does nothing but append, so that it can be killed. It says each position on its standard output, after the
/// append was acknowledged and not before.
/// </summary>
internal static class LogWriterChild
{
    private const string FolderVariable = "PARADARUM_TEST_LOG_WRITER";
    private const string DatabaseVariable = "PARADARUM_TEST_LOG_DATABASE";
    private const string RoundVariable = "PARADARUM_TEST_LOG_ROUND";
    private const int Writers = 8;

    /// <summary>Starts the child, kills it once it has said so many positions, and returns all that it has said.</summary>
    public static async Task<List<(ulong Position, string Value)>> RunUntilKilledAsync(string folder, int round, int acknowledgements)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(LogWriterChild).Assembly.Location])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment =
            {
                // The runtime calls StartupHook.Initialize before the test platform's own entry point: the child never gets there.
                ["DOTNET_STARTUP_HOOKS"] = typeof(LogWriterChild).Assembly.Location,
                [FolderVariable] = folder,
                [DatabaseVariable] = TestDatabases.For(folder),
                [RoundVariable] = round.ToString(CultureInfo.InvariantCulture),
            },
        };
        using var child = Process.Start(start)!;
        var said = new List<(ulong, string)>();
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            // A line that the kill has cut short says nothing.
            if (line.Split(' ') is not [var position, var value, "."])
                continue;
            said.Add((ulong.Parse(position, CultureInfo.InvariantCulture), value));
            if (said.Count == acknowledgements)
                child.Kill();
        }
        await child.WaitForExitAsync();
        said.Count.ShouldBeGreaterThanOrEqualTo(acknowledgements);
        return said;
    }

    public static void Run() =>
        AppendAsync(Environment.GetEnvironmentVariable(FolderVariable)!, Environment.GetEnvironmentVariable(RoundVariable)!)
            .GetAwaiter()
            .GetResult();

    private static async Task AppendAsync(string folder, string round)
    {
        var writer = LogWriter.Open(
            new LogOptions
            {
                Folder = folder,
                CheckpointBytes = 256 << 10,
                Database = Environment.GetEnvironmentVariable(DatabaseVariable),
            },
            TimeProvider.System,
            NullLogger.Instance
        );
        var output = Console.OpenStandardOutput();
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(number => Task.Run(() => AppendForEver(number))));

        async Task AppendForEver(int number)
        {
            for (var i = 0; ; i++)
            {
                var value = $"/{round}/{number}/{i}";
                var record = await writer.WriteAsync(write => write.Append(TestLog.Purge(1, value)), CancellationToken.None);
                var line = System.Text.Encoding.ASCII.GetBytes($"{record.Position} {value} .\n");
                lock (gate)
                {
                    output.Write(line);
                    output.Flush();
                }
            }
        }
    }
}
