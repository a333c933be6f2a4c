using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>A peer's daemon in the foreground, with a folder of its own; ended by its own process id.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private ServerProcess(Process process, TemporaryFolder folder) => (_process, _folder) = (process, folder);

    public int Id => _process.Id;

    /// <summary>Its workers: the processes that it started.</summary>
    public IReadOnlyList<int> Children =>
        [.. File.ReadAllText($"/proc/{Id}/task/{Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    /// <param name="folder">Gone with the process.</param>
    /// <param name="port">It is there when somebody answers here.</param>
    /// <param name="program">Found by the path.</param>
    /// <param name="arguments">After the program's name.</param>
    public static async Task<ServerProcess> StartAsync(TemporaryFolder folder, int port, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] += ":/usr/sbin";
        var server = new ServerProcess(Process.Start(start)!, folder);
        var said = server.ReadAsync();
        var started = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(port))
        {
            if (!server._process.HasExited && Stopwatch.GetElapsedTime(started) < Within)
                continue;
            await server.DisposeAsync();
            throw new InvalidOperationException($"{program} does not listen on port {port}. Is it installed? It said: {await said}");
        }
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<string> ReadAsync()
    {
        var (output, errors) = (_process.StandardOutput.ReadToEndAsync(), _process.StandardError.ReadToEndAsync());
        return await output + await errors;
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            return false;
        }
    }
}
