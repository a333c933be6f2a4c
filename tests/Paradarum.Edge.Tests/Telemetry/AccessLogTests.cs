using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Edge.Telemetry;
using Paradarum.Testing;

namespace Paradarum.Edge.Tests.Telemetry;

/// <summary>docs/operating/access-log.md: off the requests' way, sampled if asked, and what is not written is counted and said.</summary>
public sealed class The_access_log : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Writes_one_of_so_many_requests_when_it_is_asked_to()
    {
        using var log = Log(_folder["log"], sample: 3);
        await log.StartAsync(default);
        for (var i = 0; i < 10; i++)
            await VisitAsync(log);
        await log.StopAsync(default);

        Lines(_folder["log"]).Count.ShouldBe(4, "the first, fourth, seventh and tenth");
        log.Dropped.ShouldBe(0);
    }

    [Fact]
    public async Task Writes_what_was_answered_although_the_node_was_stopped_before_it_had_begun()
    {
        using var log = Log(_folder["log"]);
        await VisitAsync(log);
        await log.StopAsync(default);
        Lines(_folder["log"]).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Drops_what_its_queue_cannot_hold_and_says_how_many()
    {
        using var log = Log(_folder["log"]);
        // Nobody writes yet.
        for (var i = 0; i < AccessLog.Longest + 7; i++)
            await VisitAsync(log);
        log.Dropped.ShouldBe(7);
        await log.StartAsync(default);
        await log.StopAsync(default);

        var lines = Lines(_folder["log"]);
        lines.Count(line => line.TryGetProperty("status", out _)).ShouldBe(AccessLog.Longest);
        lines.Where(line => line.TryGetProperty("dropped", out _)).Sum(line => line.GetProperty("dropped").GetInt64()).ShouldBe(7);
    }

    [Fact]
    public async Task Goes_on_in_a_new_file_when_the_former_one_was_moved_away()
    {
        using var log = Log(_folder["log"]);
        await log.StartAsync(default);
        await VisitAsync(log);
        await Eventually.Async(() => File.Exists(_folder["log"]) && Lines(_folder["log"]).Count == 1);
        File.Move(_folder["log"], _folder["log.1"]);
        await VisitAsync(log);
        await log.StopAsync(default);

        Lines(_folder["log.1"]).Count.ShouldBe(1);
        Lines(_folder["log"]).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Holds_up_no_request_where_it_cannot_be_written_and_says_afterwards_what_is_missing()
    {
        var file = Path.Combine(_folder["later"], "log");
        using var log = Log(file);
        await log.StartAsync(default);
        await VisitAsync(log);
        await Eventually.Async(() => log.Dropped == 1);
        Directory.CreateDirectory(_folder["later"]);
        await VisitAsync(log);
        await log.StopAsync(default);

        var lines = Lines(file);
        lines.Count(line => line.TryGetProperty("status", out _)).ShouldBe(1);
        lines.Single(line => line.TryGetProperty("dropped", out _)).GetProperty("dropped").GetInt64().ShouldBe(1);
    }

    private static AccessLog Log(string path, int sample = 1) =>
        new(new AccessLogOptions(path, sample), "pop1", TimeProvider.System, NullLogger<AccessLog>.Instance);

    private static Task VisitAsync(AccessLog log)
    {
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.Host) = ("GET", new HostString("a.example"));
        return log.HandleAsync(context, _ => Task.CompletedTask);
    }

    private static List<JsonElement> Lines(string file) =>
        [.. File.ReadAllLines(file).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
}
