using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Paradarum.Bench.Hits;
using Paradarum.Testing;

namespace Paradarum.Bench.NodeBed;

/// <summary>The process that a <see cref="NodeBedClient"/> talks to: a line in, a line of figures out. Not for people.</summary>
internal static class NodeBedCommand
{
    public const string Name = "node-bed";

    public static Command Create()
    {
        var port = new Argument<int>("port");
        var command = new Command(Name, "A node with objects that were given to it in memory; other benchmarks start it.") { port };
        command.Hidden = true;
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(port), stop));
        return command;
    }

    private static async Task<int> RunAsync(int port, CancellationToken stop)
    {
        await using var host = await NodeBedHost.StartAsync(port, stop);
        using var pauses = new PauseListener();
        var purges = new NodePurges(host.State);
        await Console.Out.WriteLineAsync("ready");
        while (await Console.In.ReadLineAsync(stop) is { } line)
            await Console.Out.WriteLineAsync(await AnswerAsync(host, purges, pauses, line.Split(' '), stop));
        return 0;
    }

    private static async Task<string> AnswerAsync(
        NodeBedHost host,
        NodePurges purges,
        PauseListener pauses,
        string[] asked,
        CancellationToken stop
    )
    {
        switch (asked)
        {
            case ["store", var objects]:
                await host.StoreAsync(int.Parse(objects, CultureInfo.InvariantCulture));
                return Figures(host.BeyondBodies);
            case ["pauses"]:
                var (count, at99, longest) = pauses.Take();
                return Figures(count, at99, longest);
            case ["purges", var kind, var perSecond, var seconds]:
                var applied = await purges.SteadilyAsync(
                    kind,
                    int.Parse(perSecond, CultureInfo.InvariantCulture),
                    TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)),
                    stop
                );
                return Figures(applied, purges.HasWidened ? 1 : 0);
            case ["burst", var kind, var purged]:
                var burst = await purges.AtOnceAsync(kind, int.Parse(purged, CultureInfo.InvariantCulture), stop);
                return Figures(burst.Applied.TotalSeconds, burst.Retired.TotalSeconds, await IdleAsync(stop), purges.HasWidened ? 1 : 0);
            case ["one", var type, var value]:
                var one = await purges.OneAsync(type, value, stop);
                return Figures(one.InForce.TotalMilliseconds, one.Swept.TotalMilliseconds);
            default:
                throw new InvalidOperationException($"Not understood: {string.Join(' ', asked)}");
        }
    }

    /// <summary>Processors used in the second after.</summary>
    private static async Task<double> IdleAsync(CancellationToken stop)
    {
        var before = Environment.CpuUsage.TotalTime;
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stop);
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    private static string Figures(params double[] figures) =>
        string.Join(' ', figures.Select(figure => figure.ToString("R", CultureInfo.InvariantCulture)));
}

/// <summary>A node bed as a process of its own.</summary>
internal sealed class NodeBedClient : IAsyncDisposable
{
    private readonly Process _process;

    private NodeBedClient(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public int Id => _process.Id;

    /// <summary>As the loads see it.</summary>
    public CacheServer Server => new("paradarum", Port, NodeBedHost.Host, () => [Id], this);

    public static async Task<NodeBedClient> StartAsync()
    {
        var port = FreePorts.Row(1);
        var start = new ProcessStartInfo(
            "dotnet",
            [typeof(NodeBedCommand).Assembly.Location, NodeBedCommand.Name, port.ToString(CultureInfo.InvariantCulture)]
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1"; // as `paradarum edge` sets it
        var bed = new NodeBedClient(Process.Start(start)!, port);
        await bed._process.StandardOutput.ReadLineAsync();
        await Console.Error.WriteLineAsync($"The node is process {bed.Id}."); // for a profiler
        return bed;
    }

    /// <summary>Asks, and waits for the figures.</summary>
    public async Task<double[]> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        var answer = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"The node ended at: {line}");
        return [.. answer.Split(' ').Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))];
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
