using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Paradarum.Testing;

namespace Paradarum.SystemTests.WordPress;

/// <summary>
/// A real WordPress with the plugin of this tree (<c>eng/wordpress</c>): Debian's on <c>php -S</c>, with a MariaDB of its own. It ends with its standard
/// input, so also when the process of the tests dies.
/// </summary>
internal sealed class WordPressSite : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private WordPressSite(int port)
    {
        Url = new Uri($"http://127.0.0.1:{port}");
        _client.BaseAddress = Url;
        var script = Path.Combine(SourceTree.Root, "eng", "wordpress");
        var start = new ProcessStartInfo("bash", [script, _folder["site"], $"{port}"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where WordPress itself listens, and what it calls itself.</summary>
    public Uri Url { get; }

    /// <summary>What PHP had to say; empty when nothing.</summary>
    public string Complaints =>
        File.Exists(_folder["site/debug.log"])
            ? string.Join(
                '\n',
                File.ReadLines(_folder["site/debug.log"]).Where(line => line.Contains("paradarum-cdn-purge/", StringComparison.Ordinal))
            )
            : "";

    public static async Task<WordPressSite> StartAsync()
    {
        var site = new WordPressSite(FreePorts.Row(1));
        string? line = null;
        try
        {
            line = await site._process.StandardOutput.ReadLineAsync().WaitAsync(StartsWithin);
        }
        finally
        {
            if (line != "ready")
                await site.DisposeAsync();
        }
        return line == "ready" ? site : throw new InvalidOperationException($"WordPress did not start: {await site._errors}");
    }

    /// <summary>A page as WordPress itself makes it now, whatever the CDN holds.</summary>
    public async Task<Page> GetAsync(string target)
    {
        using var response = await _client.GetAsync(target);
        return Page.Of((int)response.StatusCode, response.Headers.Location?.OriginalString, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The plugin's queue, newest first.</summary>
    public async Task<JsonArray> QueueAsync() => JsonNode.Parse((await GetAsync("/?test_queue=1")).Body)!.AsArray();

    /// <summary>What the plugin added to the last request of this method and beginning.</summary>
    public Added AddedTo(string method, string target)
    {
        var line = File.ReadLines(_folder["site/stopwatch.log"])
            .Last(line => line.StartsWith($"{method} {target}", StringComparison.Ordinal));
        var fields = line.Split(' ');
        return new Added(double.Parse(fields[^3]), double.Parse(fields[^2]), int.Parse(fields[^1]));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}

/// <summary>What the plugin added to one request of an editor.</summary>
/// <param name="Milliseconds">All of it, the other work of this machine included.</param>
/// <param name="Processor">Milliseconds of processor time.</param>
/// <param name="Calls">How often it called the purge API.</param>
internal readonly record struct Added(double Milliseconds, double Processor, int Calls)
{
    /// <summary>Issue 6: what a save may cost.</summary>
    public const double Most = 50;

    /// <summary>
    /// The bound is held by processor time, which other work of this machine does not stretch; that nobody waits for the network is seen by there being no call.
    /// </summary>
    public void ShouldBeLittle(string what)
    {
        Processor.ShouldBeLessThan(Most, what);
        Calls.ShouldBe(0, what);
    }
}

/// <summary>What a visitor can tell of an answer.</summary>
internal sealed partial record Page(int Status, string Location, string Body)
{
    /// <summary>A feed that lists nothing carries the time of the last change of the whole site; that is left out.</summary>
    public static Page Of(int status, string? location, string body) =>
        new(
            status,
            location ?? "",
            body.Contains("<rss", StringComparison.Ordinal) && !body.Contains("<item>", StringComparison.Ordinal)
                ? BuildDate().Replace(body, "")
                : body
        );

    [GeneratedRegex("<lastBuildDate>[^<]*</lastBuildDate>", RegexOptions.None, 1000)]
    private static partial Regex BuildDate();
}
