using System.Diagnostics;
using System.Globalization;
using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>wrk in a closed loop over kept connections: the same script, and so the same cost of asking, for every server.</summary>
internal static class WrkLoad
{
    /// <param name="server">Who is asked.</param>
    /// <param name="connections">At once.</param>
    /// <param name="prefix">Of the path; a number follows.</param>
    /// <param name="urls">How many numbers; they are gone through again and again. A stride spreads them, so that neighbours in time are none in memory.</param>
    /// <param name="duration">Whole seconds.</param>
    public static async Task<WrkFigures> RunAsync(CacheServer server, int connections, string prefix, int urls, TimeSpan duration)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder["load.lua"],
            $$"""
            local n = 0
            local tail = " HTTP/1.1\r\nHost: {{server.Host}}\r\n\r\n"
            request = function()
              n = n + 1
              return "GET {{prefix}}" .. string.format("%d", (n * 7919) % {{urls}}) .. tail
            end
            """
        );
        var before = server.ProcessorTime();
        var output = await RunAsync(
            "wrk",
            "-t1",
            $"-c{connections}",
            $"-d{duration.TotalSeconds:0}s",
            "--latency",
            // Large bodies on few processors take longer than its two seconds.
            "--timeout",
            "20s",
            "-s",
            folder["load.lua"],
            $"http://127.0.0.1:{server.Port}"
        );
        var took = server.ProcessorTime() - before;
        return WrkFigures.Read(output, took);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {output}");
    }
}

/// <summary>What wrk saw, and what it cost the server.</summary>
/// <param name="Requests">Answered.</param>
/// <param name="PerSecond">Of them.</param>
/// <param name="Bad">Not 2xx or 3xx, or broken connections.</param>
/// <param name="Processor">Of the server's processes.</param>
internal sealed record WrkFigures(long Requests, double PerSecond, long Bad, TimeSpan Processor)
{
    /// <summary>The load's own words about what went wrong.</summary>
    public string Said { get; init; } = "";

    /// <summary>Microseconds of processor time for each request.</summary>
    public double Cost => Processor.TotalMicroseconds / Math.Max(1, Requests);

    /// <summary>Two turns taken together.</summary>
    public static WrkFigures operator +(WrkFigures one, WrkFigures other) =>
        new(one.Requests + other.Requests, (one.PerSecond + other.PerSecond) / 2, one.Bad + other.Bad, one.Processor + other.Processor);

    public static WrkFigures Read(string output, TimeSpan processor)
    {
        var (requests, perSecond, bad) = (0L, 0d, 0L);
        foreach (var line in output.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.Contains(" requests in ", StringComparison.Ordinal))
                requests = long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture);
            else if (line.StartsWith("Requests/sec:", StringComparison.Ordinal))
                perSecond = double.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
            else if (line.StartsWith("Non-2xx", StringComparison.Ordinal))
                bad += long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
            else if (line.StartsWith("Socket errors:", StringComparison.Ordinal))
                bad += line.Split(',', ':').Skip(1).Sum(part => long.Parse(part.Trim().Split(' ')[1], CultureInfo.InvariantCulture));
        }
        return new(requests, perSecond, bad, processor);
    }
}
