using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Paradarum.SystemTests.Attack;

/// <summary>
/// The origin of an attack, as a process of its own: a page's body is its version, and <c>/raise/PAGE</c> makes it one higher and says the new one. Half of the pages
/// have a strong ETag, so that fenced nodes have something to confirm. Started as this assembly once more: the runtime calls it before the tests' own entry point.
/// </summary>
internal static class OriginProcess
{
    public const string PortVariable = "PARADARUM_TEST_ORIGIN";

    /// <param name="within">What it is started by; empty for nothing.</param>
    /// <param name="listen">ADDRESS:PORT.</param>
    public static Process Start(IReadOnlyList<string> within, string listen)
    {
        string[] command = [.. within, "dotnet", "exec", typeof(OriginProcess).Assembly.Location];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment =
            {
                // The runtime calls StartupHook.Initialize before the test platform's own entry point: the child never gets there.
                ["DOTNET_STARTUP_HOOKS"] = typeof(OriginProcess).Assembly.Location,
                [PortVariable] = listen,
            },
        };
        var process = Process.Start(start)!;
        process.StandardOutput.ReadLine().ShouldBe("origin: ready");
        return process;
    }

    public static void Run() => ServeAsync(IPEndPoint.Parse(Environment.GetEnvironmentVariable(PortVariable)!)).GetAwaiter().GetResult();

    private static async Task ServeAsync(IPEndPoint listen)
    {
        var versions = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        using var listener = new TcpListener(listen);
        listener.Start(512);
        Console.WriteLine("origin: ready");
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            _ = AnswerAsync(client, versions);
        }
    }

    private static async Task AnswerAsync(TcpClient client, ConcurrentDictionary<string, long> versions)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
                while (await reader.ReadLineAsync() is { Length: > 0 } line)
                {
                    var confirmed = "";
                    while (await reader.ReadLineAsync() is { Length: > 0 } field)
                    {
                        if (field.StartsWith("If-None-Match:", StringComparison.OrdinalIgnoreCase))
                            confirmed = field["If-None-Match:".Length..].Trim();
                    }
                    await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Answer(line.Split(' ')[1], confirmed, versions)));
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The link was cut, or the node is gone.
        }
    }

    private static string Answer(string target, string confirmed, ConcurrentDictionary<string, long> versions)
    {
        if (target.StartsWith("/raise", StringComparison.Ordinal))
        {
            var raised = versions.AddOrUpdate(target["/raise".Length..], 2, (_, version) => version + 1);
            return Response("200 OK", "Cache-Control: no-store", raised.ToString(CultureInfo.InvariantCulture));
        }
        var body = versions.GetOrAdd(target, 1).ToString(CultureInfo.InvariantCulture);
        var tag = target[^1] % 2 == 0 ? $"\r\nETag: \"{body}\"" : "";
        return tag.Length > 0 && confirmed == $"\"{body}\""
            ? $"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600{tag}\r\n\r\n"
            : Response("200 OK", $"Cache-Control: max-age=600{tag}", body);
    }

    private static string Response(string status, string fields, string body) =>
        $"HTTP/1.1 {status}\r\n{fields}\r\nContent-Length: {body.Length}\r\n\r\n{body}";
}
