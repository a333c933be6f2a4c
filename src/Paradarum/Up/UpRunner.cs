using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Paradarum.Control.PurgeLog;
using Spectre.Console;

namespace Paradarum.Up;

/// <summary>Runs <c>up</c> from the checked options to the exit code, and turns what can go wrong at a start into a sentence with what to do.</summary>
internal static class UpRunner
{
    private const int Stopped = 0;
    private const int CannotStart = 1;

    public static async Task<int> RunAsync(UpOptions options, CancellationToken stop)
    {
        try
        {
            if (TakenPort(options) is { } taken)
                return Fail(taken);
            Directory.CreateDirectory(options.DataFolder);
            await using var installation = await AnsiConsole
                .Status()
                .StartAsync("Starting", status => Installation.StartAsync(options, text => status.Status(Markup.Escape(text)), stop));
            installation.Facts.Write(options.DataFolder);
            Banner.Print(AnsiConsole.Console, installation.Facts, options.DataFolder);
            await installation.RunUntilAsync(stop);
            return Stopped;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Stopped;
        }
        catch (LogCannotStartException e)
        {
            return Fail($"{e.Message} Choose another folder with --data.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AddressInUseException)
        {
            return Fail(e.Message);
        }
    }

    /// <summary>Looks before anything is started or written, so that the sentence can name the option.</summary>
    private static string? TakenPort(UpOptions options)
    {
        if (!IsFree(options.ApiPort))
            return $"Port {options.ApiPort} is already in use. Choose another for the API with --api-port.";
        foreach (var port in Enumerable.Range(options.FirstEdgePort, options.Shields + options.Pops))
        {
            if (!IsFree(port))
                return $"Port {port} is already in use. Choose others for the edges with --first-edge-port: they count up from it.";
        }
        foreach (var port in Enumerable.Range(options.FirstHttpsPort, options.Https ? options.Pops : 0))
        {
            if (!IsFree(port))
                return $"Port {port} is already in use. Choose others for HTTPS with --first-https-port: they count up from it.";
        }
        return null;
    }

    private static bool IsFree(int port) =>
        CanBind(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanBind(IPAddress.IPv6Loopback, port));

    private static bool CanBind(IPAddress address, int port)
    {
        try
        {
            using var probe = new TcpListener(address, port);
            probe.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return true; // no such loopback on this machine: nobody else has it either
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int Fail(string sentence)
    {
        Console.Error.WriteLine(sentence);
        return CannotStart;
    }
}
