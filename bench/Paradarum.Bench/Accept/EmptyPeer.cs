using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Paradarum.Testing;

namespace Paradarum.Bench.Accept;

/// <summary>An endpoint of the same framework that reads the JSON of a purge, answers the envelope of an accepted one, and does nothing; in a process of its own.</summary>
internal sealed class EmptyPeer : IAsyncDisposable
{
    private const string CommandName = "empty-peer";

    private readonly Process _process;

    private EmptyPeer(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public int Id => _process.Id;

    public static async Task<EmptyPeer> StartAsync()
    {
        var port = FreePorts.Row(1);
        var start = new ProcessStartInfo(
            "dotnet",
            [typeof(EmptyPeer).Assembly.Location, CommandName, port.ToString(System.Globalization.CultureInfo.InvariantCulture)]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        await process.StandardOutput.ReadLineAsync(); // it listens
        return new EmptyPeer(process, port);
    }

    /// <summary>The process itself; not for people.</summary>
    public static Command Create()
    {
        var port = new Argument<int>("port");
        var command = new Command(CommandName, "The endpoint that `accept` is measured against.") { port };
        command.Hidden = true;
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(port), stop));
        return command;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<int> RunAsync(int port, CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRouting();
        await using var app = builder.Build();
        app.UseRouting();
        app.MapPost("/api/property/{id}/purge", Answer);
        await app.StartAsync(stop);
        await Console.Out.WriteLineAsync("listening");
        await app.WaitForShutdownAsync(stop);
        return 0;
    }

    private static async Task Answer(HttpContext context)
    {
        var asked = await context.Request.ReadFromJsonAsync<Asked>(JsonSerializerOptions.Web, context.RequestAborted);
        var queued = "12 jobs queued across 2 shields + 4 PoPs.";
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Envelope(asked?.Type is not null, $"Purge request accepted. {queued}", new Data(12, 2, 4, 1, new string('x', 64))),
            JsonSerializerOptions.Web
        );
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private sealed record Asked(string? Type, string? Value, string? MatchType);

    private sealed record Envelope(bool Succeeded, string Message, Data Data);

    private sealed record Data(int JobCount, int Shields, int Nodes, int Hostnames, string PurgeId);
}
