using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Paradarum.Testing.Conformance;

/// <summary>
/// The public HTTP cache tests (https://cache-tests.fyi), fetched by npm in the version that <c>suite/package-lock.json</c> names, with their origin running on loopback.
/// Needs node and npm.
/// </summary>
internal sealed class PublicCacheTests : IAsyncDisposable
{
    private const string Listening = "Listening on ";

    // The suite's tests pause for 3 s and run 100 at a time: a whole run takes about half a minute.
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly string Folder = Path.Combine(SourceTree.Root, "tests", "Paradarum.Testing", "Conformance", "suite");

    private readonly Process _origin;
    private readonly TemporaryFolder _scratch;

    private PublicCacheTests(Process origin, TemporaryFolder scratch, int port) =>
        (_origin, _scratch, OriginPort) = (origin, scratch, port);

    /// <summary>Where the suite's origin listens, on loopback: what the cache under test is to stand in front of.</summary>
    public int OriginPort { get; }

    /// <summary>Fetches the suite when it is not there yet, and starts its origin.</summary>
    public static async Task<PublicCacheTests> StartAsync()
    {
        await NpmFolder.InstallAsync(Folder);
        var scratch = new TemporaryFolder();
        var start = Node("--require", "./loopback.cjs", "node_modules/http-cache-tests/server/server.mjs");
        start.Environment["npm_config_protocol"] = "http";
        start.Environment["npm_config_port"] = "0";
        start.Environment["npm_config_pidfile"] = scratch["pid"];
        // Read to its end: it says more while it runs, and a full pipe would stop it.
        var listens = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var origin = new Process { StartInfo = start };
        origin.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith(Listening, StringComparison.Ordinal) == true)
                listens.TrySetResult(new Uri(line.Data[Listening.Length..]).Port);
        };
        var errors = new StringBuilder();
        origin.ErrorDataReceived += (_, line) =>
        {
            errors.AppendLine(line.Data);
            if (line.Data is null)
                listens.TrySetException(new InvalidOperationException($"The suite's origin ended: {errors}"));
        };
        origin.Start();
        origin.BeginOutputReadLine();
        origin.BeginErrorReadLine();
        return new(origin, scratch, await listens.Task);
    }

    /// <summary>Runs all tests, or those named, against the cache that listens on a port of loopback as <paramref name="host"/>.</summary>
    public static async Task<IReadOnlyList<CacheTestResult>> RunAsync(string host, int port, params string[] only)
    {
        using var run = Process.Start(
            Node(["--no-warnings", "run.mjs", string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}"), "127.0.0.1", .. only])
        )!;
        var (output, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        using var late = new CancellationTokenSource(LongestRun);
        try
        {
            await run.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException e)
        {
            run.Kill();
            throw new TimeoutException($"The cache tests did not end within {LongestRun.TotalMinutes} minutes.", e);
        }
        return run.ExitCode == 0
            ? JsonSerializer.Deserialize<CacheTestResult[]>(await output, Json)!
            : throw new InvalidOperationException($"The cache tests ended with code {run.ExitCode}: {await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        _origin.Kill();
        await _origin.WaitForExitAsync();
        _origin.Dispose();
        _scratch.Dispose();
    }

    private static ProcessStartInfo Node(params string[] arguments) => NpmFolder.Command(Folder, "node", arguments);
}

/// <summary>One test of the suite.</summary>
/// <param name="Suite">Its group, such as <c>vary</c>.</param>
/// <param name="Id">Its name.</param>
/// <param name="Kind"><c>required</c>, <c>optimal</c>, or <c>check</c>, which only asks how a cache behaves.</param>
/// <param name="Outcome">As the suite judges it: <c>pass</c> and <c>yes</c> are what it asked for; <c>dependency_fail</c>: a test that this one stands on did not pass.</param>
/// <param name="Detail">What was not as expected; null: nothing.</param>
internal sealed record CacheTestResult(string Suite, string Id, string Kind, string Outcome, string? Detail)
{
    public bool Passed => Outcome is "pass" or "yes";
}
