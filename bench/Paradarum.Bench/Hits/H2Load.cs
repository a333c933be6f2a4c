using System.Diagnostics;
using System.Globalization;
using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>h2load in a closed loop: HTTP/2 over TLS, and refused when anything else was agreed on.</summary>
internal static class H2Load
{
    /// <summary>Requests at once on each connection.</summary>
    public const int Streams = 4;

    /// <param name="server">Who is asked, at its port with TLS.</param>
    /// <param name="connections">At once.</param>
    /// <param name="prefix">Of the path; a number follows.</param>
    /// <param name="urls">How many numbers; each connection goes through all of them again and again.</param>
    /// <param name="duration">Whole seconds.</param>
    public static async Task<WrkFigures> RunAsync(CacheServer server, int connections, string prefix, int urls, TimeSpan duration)
    {
        using var folder = new TemporaryFolder();
        var site = $"https://{server.Host}:{server.TlsPort}";
        await File.WriteAllLinesAsync(folder["urls"], Enumerable.Range(0, urls).Select(n => $"{site}{prefix}{(long)n * 7919 % urls}"));
        var before = server.ProcessorTime();
        using var load = Process.Start(
            new ProcessStartInfo(
                "h2load",
                [
                    "-t1",
                    $"-c{connections}",
                    $"-m{Streams}",
                    "-D",
                    duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture),
                    $"--connect-to=127.0.0.1:{server.TlsPort}",
                    "-H",
                    $":authority: {server.Host}",
                    "-i",
                    folder["urls"],
                ]
            )
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        var output = await load.StandardOutput.ReadToEndAsync();
        await load.WaitForExitAsync();
        var took = server.ProcessorTime() - before;
        return load.ExitCode == 0 ? Read(server.Name, output, took) : throw new InvalidOperationException($"h2load failed: {output}");
    }

    private static WrkFigures Read(string server, string output, TimeSpan processor)
    {
        foreach (var wanted in new[] { "Application protocol: h2", "TLS Protocol: TLSv1.3" })
        {
            if (!output.Split('\n', StringSplitOptions.TrimEntries).Contains(wanted, StringComparer.Ordinal))
                throw new InvalidOperationException($"{server} did not speak HTTP/2 over TLS 1.3: {output}");
        }
        // requests: 12 total, 12 started, 12 done, 12 succeeded, 0 failed, 0 errored, 0 timeout
        var counts = Numbers(Line("requests:"));
        // status codes: 12 2xx, 0 3xx, 0 4xx, 0 5xx
        var statuses = Numbers(Line("status codes:"));
        var perSecond = Line("finished in").Split(',')[1].Trim().Split(' ')[0];
        return new WrkFigures(
            (long)statuses[0],
            double.Parse(perSecond, CultureInfo.InvariantCulture),
            (long)(counts[4] + counts[5] + counts[6] + statuses[1] + statuses[2] + statuses[3]),
            processor
        )
        {
            Said = $"{Line("requests:")}; {Line("status codes:")}",
        };

        string Line(string start) =>
            output.Split('\n', StringSplitOptions.TrimEntries).First(line => line.StartsWith(start, StringComparison.Ordinal));

        static double[] Numbers(string line) =>
            [
                .. line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]
                    .Split(',')
                    .Select(part => double.Parse(part.Trim().Split(' ')[0], CultureInfo.InvariantCulture)),
            ];
    }
}
