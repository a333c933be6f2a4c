using System.Text.Json.Nodes;
using Paradarum.SystemTests.Up;
using Paradarum.Testing;

namespace Paradarum.SystemTests.WordPress;

/// <summary>A WordPress behind the PoPs of a running <c>paradarum up</c>, set up as its administrator does it. Shared: it takes half a minute to start.</summary>
public sealed class WordPressBehindPop : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    internal WordPressSite Site { get; private set; } = null!;

    internal UpProcess Up { get; private set; } = null!;

    internal Editor Editor { get; private set; } = null!;

    internal Visitor Visitor { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Site = await WordPressSite.StartAsync();
        Up = await UpProcess.StartAsync(
            _folder["data"],
            UpPorts.Pick(),
            "--origin",
            Site.Url.GetLeftPart(UriPartial.Authority),
            "--preset",
            "wordpress"
        );
        Visitor = new Visitor(Up.Facts.Pops[0].Url, Up.Facts.Hostname);
        Editor = await Editor.SignInAsync(Site);
        await ConnectAsync(Up.Facts.Api);
    }

    /// <summary>Saves the settings page with the API at this address.</summary>
    internal async Task ConnectAsync(string api)
    {
        var page = await Editor.SubmitAsync(
            "/wp-admin/options-general.php?page=paradarum-cdn",
            "/wp-admin/admin-post.php",
            "paradarum_save",
            [
                ("action", "paradarum_save"),
                ("base", api),
                ("property", $"{Up.Facts.PropertyId}"),
                ("key", Up.Facts.ApiKey),
                ("auto", "1"),
                ("strategy", "hybrid"),
                ("threshold", "30"),
                .. "home archives author dates neighbours feeds sitemaps rest amp".Split(' ').Select(kind => ("kinds[]", kind)),
            ]
        );
        page.ShouldContain("Settings saved.");
        page.ShouldNotContain(Up.Facts.ApiKey);
    }

    /// <summary>The id of the newest purge that the site has written down; 0 when there is none.</summary>
    internal async Task<long> NewestPurgeAsync() => IdOf((await Site.QueueAsync()).FirstOrDefault());

    /// <summary>Waits until everything that the site wanted purged since is complete on every node; the items that were sent.</summary>
    internal async Task<IReadOnlyList<string>> PurgedSinceAsync(long newest)
    {
        List<JsonNode> since = [];
        await Eventually.Async(async () =>
        {
            since = [.. (await Site.QueueAsync()).Select(row => row!).Where(row => IdOf(row) > newest)];
            return since.Count > 0 && since.TrueForAll(row => (string)row["state"]! != "waiting");
        });
        using var api = Up.Api();
        foreach (var row in since)
        {
            var receipt = (string)row["receipt"]!;
            receipt.ShouldStartWith("/api/property/", customMessage: row.ToJsonString());
            (await api.ReceiptAsync(receipt, "60s"))["state"]!.GetValue<string>().ShouldBe("complete");
        }
        return [.. since.SelectMany(row => JsonNode.Parse((string)row["body"]!)!["items"]!.AsArray()).Select(Name!)];
    }

    public async ValueTask DisposeAsync()
    {
        // What was started: a start that failed has only a part of it.
        Editor?.Dispose();
        Visitor?.Dispose();
        if (Up is not null)
            await Up.DisposeAsync();
        if (Site is not null)
            await Site.DisposeAsync();
        _folder.Dispose();
    }

    private static long IdOf(JsonNode? row) => row is null ? 0 : long.Parse((string)row["id"]!);

    private static string Name(JsonNode item) =>
        (string)item["type"]! == "All" ? "All" : (string)item["value"]! + (item["matchType"] is null ? "" : "*");
}
