using System.Net;
using Paradarum.Edge.Serving;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>The second tier as visitors see it, over real sockets and a real folder.</summary>
public sealed class A_visitor_of_a_node_with_a_disk : IDisposable
{
    private static readonly EdgeOptions Options = TestNode.Pop() with
    {
        StoreBytes = 16 << 20,
        DiskBytes = 64 << 20,
        LargestStoredBody = 8 << 20,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Is_answered_from_it_in_whole_in_part_and_by_head_after_memory_has_let_go()
    {
        await using var origin = new ScriptedOrigin();
        origin.Script = exchange => exchange.RespondAsync(Big(exchange.Request.Target), "Cache-Control: max-age=600|ETag: \"1\"");
        var log = new TestLog();
        log.Configure(Site.Id, Site.At(origin));
        await using var node = await TestNode.StartAsync(log, Options, _folder.Path);
        using var visitor = new Visitor(node.Url, Site.Host);
        // Memory holds two of them.
        for (var n = 0; n < 4; n++)
            (await visitor.GetAsync($"/{n}")).Cache.ShouldBe("MISS");
        await Eventually.Async(() => node.Disk.Figures.Entries == 4);
        for (var n = 0; n < 4; n++)
        {
            var whole = await visitor.GetAsync($"/{n}");
            whole.Cache.ShouldBe("HIT");
            whole.Body.ShouldBe(Big($"/{n}"));
        }
        var part = await visitor.GetAsync("/0", ("Range", "bytes=2000000-2000009"));
        part.Status.ShouldBe(HttpStatusCode.PartialContent);
        part.Body.ShouldBe(Big("/0").Substring(2_000_000, 10));
        (await visitor.GetAsync("/0", ("If-None-Match", "\"1\""))).Status.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Is_answered_after_a_restart_and_not_with_what_was_purged_meanwhile()
    {
        await using var origin = new ScriptedOrigin();
        origin.Script = exchange => exchange.RespondAsync("old", "Cache-Control: max-age=600");
        var log = new TestLog();
        log.Configure(Site.Id, Site.At(origin));
        await using (var node = await TestNode.StartAsync(log, Options, _folder.Path))
        {
            using var visitor = new Visitor(node.Url, Site.Host);
            foreach (var page in new[] { "/kept", "/purged" })
                await visitor.GetAsync(page);
            await Eventually.Async(() =>
            {
                node.Time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(node.Disk.Figures is { Entries: 2, Durable: 1 });
            });
        }
        origin.Script = exchange => exchange.RespondAsync("new", "Cache-Control: max-age=600");
        log.Purge(Site.Id, "Path", "/purged");
        await using var next = await TestNode.StartAsync(log, Options, _folder.Path);
        await Eventually.Async(() => !next.State.Index.IsLoading);
        using var again = new Visitor(next.Url, Site.Host);
        (await again.GetAsync("/kept")).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("HIT"),
            visit => visit.Body.ShouldBe("old")
        );
        (await again.GetAsync("/purged")).Body.ShouldBe("new");
    }

    [Fact]
    public async Task Gets_the_origins_answer_when_what_lies_on_disk_is_torn()
    {
        await using var origin = new ScriptedOrigin();
        origin.Script = exchange => exchange.RespondAsync("right", "Cache-Control: max-age=600");
        var log = new TestLog();
        log.Configure(Site.Id, Site.At(origin));
        await using (var node = await TestNode.StartAsync(log, Options, _folder.Path))
        {
            using var visitor = new Visitor(node.Url, Site.Host);
            await visitor.GetAsync("/page");
            await Eventually.Async(() =>
            {
                node.Time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(node.Disk.Figures is { Entries: 1, Durable: 1 });
            });
        }
        var file = Directory.GetFiles(_folder.Path, "*.body").Single();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        await using var next = await TestNode.StartAsync(log, Options, _folder.Path);
        await Eventually.Async(() => !next.State.Index.IsLoading);
        next.State.Index.Count.ShouldBe(1);
        using var again = new Visitor(next.Url, Site.Host);
        (await again.GetAsync("/page")).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("MISS"),
            visit => visit.Body.ShouldBe("right")
        );
    }

    /// <summary>3 MB that differ from page to page and from place to place.</summary>
    private static string Big(string target) =>
        string.Create(
            3_000_000,
            target,
            static (text, page) =>
            {
                for (var i = 0; i < text.Length; i++)
                    text[i] = (char)('a' + ((i / 7 + page[^1]) % 26));
            }
        );
}
