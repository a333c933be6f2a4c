using System.Diagnostics;
using System.Text.Json;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Fleet;

/// <summary>Contract part 2, preview and near misses: nodes say what they store, over their streams.</summary>
public sealed class What_a_purge_would_remove
{
    [Fact]
    public async Task Is_said_node_by_node_and_nothing_is_removed()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        fleet.Serves("hello");
        using var visitor = fleet.Pops[0].NewVisitor("site");
        foreach (var target in new[] { "/a/1.jpg", "/a/2.jpg?x=1", "/b/3.css" })
            await visitor.GetAsync(target);
        var head = fleet.Control.Feed.Head.Position;

        var jpg = await PreviewAsync(fleet, new { type = "Extension", value = "JPG" });
        // One PoP and the shield behind it hold both; the other PoP was never asked.
        jpg.Data.GetProperty("objects").GetInt64().ShouldBe(4);
        jpg.Data.GetProperty("bytes").GetInt64().ShouldBeGreaterThan(0);
        Texts(jpg.Data.GetProperty("sample"))
            .Order(StringComparer.Ordinal)
            .ShouldBe(["http://site.cdn.localhost/a/1.jpg", "http://site.cdn.localhost/a/2.jpg?x=1"]);
        jpg.Data.GetProperty("perNode")
            .EnumerateArray()
            .ToDictionary(node => node.GetProperty("id").GetString()!, node => node.GetProperty("objects").GetInt64())
            .ShouldBe(
                new Dictionary<string, long>
                {
                    [fleet.Shields[0].Id] = 2,
                    [fleet.Pops[0].Id] = 2,
                    [fleet.Pops[1].Id] = 0,
                },
                ignoreOrder: true
            );
        jpg.Data.GetProperty("unanswered").GetArrayLength().ShouldBe(0);

        var batch = await PreviewAsync(
            fleet,
            new { items = new object[] { new { type = "Path", value = "/b/3.css" }, new { type = "Regex", value = "^/a/2" }, 7 } }
        );
        batch.Data.GetProperty("objects").GetInt64().ShouldBe(4);
        (await PreviewAsync(fleet, new { type = "All" })).Data.GetProperty("objects").GetInt64().ShouldBe(6);

        fleet.Control.Feed.Head.Position.ShouldBe(head);
        (await visitor.GetAsync("/a/1.jpg")).Cache.ShouldBe("HIT");
        // What it said is what a purge then removes.
        var location = await fleet.PurgeAsync("Extension", "jpg");
        await Eventually.Async(async () => (await fleet.ReceiptAsync(location))["countsFinal"]!.GetValue<bool>());
        (await fleet.ReceiptAsync(location))["matched"]!.GetValue<long>().ShouldBe(4);
        (await PreviewAsync(fleet, new { type = "Extension", value = "jpg" })).Data.GetProperty("objects").GetInt64().ShouldBe(0);
    }

    [Theory]
    [InlineData("{}", "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("""{"items":[]}""", "At least one purge item is required.")]
    [InlineData("""{"items":7}""", "At least one purge item is required.")]
    [InlineData("[]", "Request body must be a JSON object.")]
    public async Task Is_asked_like_a_purge(string body, string message)
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        var path = $"/api/property/{fleet.Property.Id}/purge/preview";
        var answer = await fleet.Control.Client.CallAsync(HttpMethod.Post, path, new StringContent(body));
        answer.Status.ShouldBe(415);
        answer = await fleet.Control.Client.CallAsync(HttpMethod.Post, path, new StringContent(body, null, "application/json"));
        (answer.Status, answer.Message).ShouldBe((400, message));
        using var nobody = fleet.Control.NewClient(apiKey: null);
        (await nobody.CallAsync(HttpMethod.Post, path)).Status.ShouldBe(401);
        (await fleet.Control.Client.PostAnswerAsync("/api/property/999/purge/preview", new { type = "All" })).Status.ShouldBe(404);
        await fleet.Control.Changes.SetStateAsync(ControlHost.Somebody, fleet.Property.Id, PropertyState.Disabled, default);
        (await fleet.Control.Client.PostAnswerAsync(path, new { type = "All" })).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("Path", "/News/index.html", null, "/news/index.html", "stored in another case")]
    [InlineData("Path", "/about", null, "/about/", "stored with a trailing slash")]
    [InlineData("Path", "/contact/", null, "/contact", "stored without the trailing slash")]
    [InlineData("Path", "/logo.jpg", null, "/logo.png", "stored with another extension, or without")]
    [InlineData("Path", "/page", null, "/page.html", "stored with another extension, or without")]
    [InlineData("Path", "/search?q=2", null, "/search?q=1", "stored with another query")]
    [InlineData("Path", "/caf%25C3%25A9", null, "/caf%C3%A9", "stored in another encoding, case or with another trailing slash")]
    [InlineData("Extension", "jpeg", null, "/photo.jpg", "stored with a similar extension")]
    [InlineData("Regex", "/NEWS/", "starts_with", "/news/index.html", "stored in another case or encoding")]
    [InlineData("Regex", "^/NEWS/.*ml$", null, "/news/index.html", "stored in another case")]
    public async Task Is_guessed_for_a_purge_that_matched_nothing(string type, string value, string? matchType, string stored, string hint)
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        fleet.Serves("hello");
        using var visitor = fleet.Pops[0].NewVisitor("site");
        await visitor.GetAsync(stored);
        await visitor.GetAsync("/something/else");

        var receipt = await fleet.PurgeAndWaitAsync(type, value, matchType);

        receipt["matched"]!.GetValue<long>().ShouldBe(0);
        var miss = receipt["nearMisses"]!.AsArray().ShouldHaveSingleItem()!;
        (miss["path"]!.GetValue<string>(), miss["hint"]!.GetValue<string>()).ShouldBe((stored, hint));
    }

    [Fact]
    public async Task Is_not_guessed_where_something_matched_and_at_most_five_times()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        fleet.Serves("hello");
        using var visitor = fleet.Pops[0].NewVisitor("site");
        for (var i = 0; i < 9; i++)
            await visitor.GetAsync($"/list?page={i}");

        (await fleet.PurgeAndWaitAsync("Path", "/list?page=10"))["nearMisses"]!.AsArray().Count.ShouldBe(5);
        (await fleet.PurgeAndWaitAsync("Path", "/list?page=1"))["nearMisses"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_not_waited_for_from_a_node_that_does_not_answer()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        fleet.Serves("hello");
        using var visitor = fleet.Pops[0].NewVisitor("site");
        await visitor.GetAsync("/about/");
        var location = await fleet.PurgeAsync("Path", "/about");
        await fleet.ReceiptAsync(location, "60s");
        // Knows no questions, as a node of the version before: it hears them and says nothing.
        await using var old = await HungNode.ConnectAsync(
            fleet.Control.Plane.Fleet,
            await fleet.RegisterAsync("old", NodeRole.Pop),
            TimeSpan.FromMilliseconds(500)
        );
        await old.Granted;

        var preview = await PreviewAsync(fleet, new { type = "All" });
        Texts(preview.Data.GetProperty("unanswered")).Count.ShouldBe(1);
        preview.Data.GetProperty("objects").GetInt64().ShouldBe(1);

        // The fastest of several readings: what the machine does beside it is not the receipt's.
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var receipt = await fleet.ReceiptAsync(location);
            var took = Stopwatch.GetElapsedTime(started);
            fastest = took < fastest ? took : fastest;
            receipt["state"]!.GetValue<string>().ShouldBe("complete");
        }
        fastest.ShouldBeLessThan(TimeSpan.FromMilliseconds(300));
    }

    private static Task<ApiAnswer> PreviewAsync(TestFleet fleet, object body) =>
        fleet.Control.Client.PostAnswerAsync($"/api/property/{fleet.Property.Id}/purge/preview", body);

    private static List<string> Texts(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];
}
