using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Paradarum.Testing;

namespace Paradarum.SystemTests.WordPress;

/// <summary>
/// After each event every route is read through the PoP and must be what WordPress itself makes of it now; what did not change must still be a hit. Ends
/// with a table.
/// </summary>
public sealed class Every_event_of_a_site(WordPressBehindPop shared) : IClassFixture<WordPressBehindPop>
{
    private static readonly byte[] SmallImage = Convert.FromBase64String(
        "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
    );

    private readonly SortedDictionary<string, Page> _routes = new(StringComparer.Ordinal);
    private readonly List<string> _table = [];
    private readonly List<string> _faults = [];

    [Fact]
    public async Task Shows_visitors_the_new_state_and_leaves_what_did_not_change_in_the_cache()
    {
        var editor = shared.Editor;
        // 1. A small site: old posts of two categories, tags, a page with a page below it, a picture.
        var (one, two) = (await TermAsync("categories", "One"), await TermAsync("categories", "Two"));
        var red = await TermAsync("tags", "Red");
        for (var n = 1; n <= 6; n++)
            await WriteAsync(
                "posts",
                new
                {
                    title = $"Old {n}",
                    status = "publish",
                    date = $"2025-0{n}-05T10:00:00",
                    categories = new[] { two },
                }
            );
        var about = await WriteAsync(
            "pages",
            new
            {
                title = "About",
                status = "publish",
                content = "We are.",
            }
        );
        var team = await WriteAsync(
            "pages",
            new
            {
                title = "Team",
                status = "publish",
                content = "Us.",
                parent = about,
            }
        );
        var picture = await editor.UploadAsync("picture.jpg", SmallImage);
        var file = new Uri((string)picture["source_url"]!).AbsolutePath;
        await shared.PurgedSinceAsync(0);
        await KnowAsync(
            "/ /page/2/ /old-1/ /old-2/ /old-6/ /hello-world/ /about/ /about/team/ /category/one/ /category/two/ /category/two/page/2/ /tag/red/ /author/admin/ "
                + "/2025/ /2025/01/ /2025/06/ /feed/ /comments/feed/ /hello-world/feed/ /category/two/feed/ /wp-sitemap.xml /wp-sitemap-posts-post-1.xml "
                + $"/wp-sitemap-posts-page-1.xml /wp-json/wp/v2/posts /wp-content/themes/twentytwentyone/style.css {file}"
        );

        // 2. Posts.
        long post = 0;
        await Event(
            "a post is published",
            async () =>
                post = await WriteAsync(
                    "posts",
                    new
                    {
                        title = "Fresh",
                        status = "publish",
                        date = "2026-02-03T10:00:00",
                        content = "First text.",
                        categories = new[] { one },
                        tags = new[] { red },
                    }
                ),
            changes: "/ /category/one/ /tag/red/ /author/admin/ /feed/ /wp-sitemap-posts-post-1.xml",
            stays: "/old-1/ /about/ /about/team/ /category/two/ /2025/ /2025/01/ /hello-world/feed/ /comments/feed/"
        );
        await KnowAsync("/fresh/ /fresh/feed/ /2026/ /2026/02/ /2026/02/03/ /category/one/feed/");
        await Event(
            "its text is changed",
            () => editor.PostAsync($"/wp/v2/posts/{post}", new { content = "Second text.", excerpt = "Second summary." }),
            changes: "/fresh/ / /feed/ /category/one/",
            stays: "/old-1/ /about/ /category/two/ /category/two/page/2/ /2025/ /comments/feed/"
        );
        await Event(
            "a visitor comments on it",
            () => CommentAsync(post, "What a nice text."),
            changes: "/fresh/ /comments/feed/ /fresh/feed/",
            stays: "/old-1/ /old-6/ /about/ /category/two/ /2025/ /wp-sitemap.xml"
        );
        await Event(
            "the comment is marked as spam",
            async () =>
            {
                var comment = (await editor.RestAsync(HttpMethod.Get, $"/wp/v2/comments?post={post}"))[0]!["id"]!.GetValue<long>();
                await editor.PostAsync($"/wp/v2/comments/{comment}", new { status = "spam" });
            },
            changes: "/fresh/ /comments/feed/ /fresh/feed/",
            stays: "/old-1/ /old-6/ /about/ /category/two/ /2025/"
        );
        await Event(
            "its slug is changed",
            () => editor.PostAsync($"/wp/v2/posts/{post}", new { slug = "renamed" }),
            changes: "/fresh/ / /category/one/ /tag/red/ /2026/02/ /feed/ /wp-sitemap-posts-post-1.xml",
            stays: "/old-1/ /about/ /category/two/ /2025/"
        );
        await KnowAsync("/renamed/");
        await Event(
            "its category is changed",
            () => editor.PostAsync($"/wp/v2/posts/{post}", new { categories = new[] { two } }),
            changes: "/renamed/ /category/one/ /category/two/",
            stays: "/old-1/ /about/ /2025/ /comments/feed/"
        );
        await Event(
            "its date is changed",
            () => editor.PostAsync($"/wp/v2/posts/{post}", new { date = "2026-04-03T10:00:00" }),
            changes: "/renamed/ /2026/02/ /2026/02/03/",
            stays: "/old-1/ /about/ /2025/ /2025/01/ /comments/feed/"
        );
        await Event(
            "it is trashed",
            () => editor.RestAsync(HttpMethod.Delete, $"/wp/v2/posts/{post}"),
            changes: "/renamed/ / /category/two/ /tag/red/ /author/admin/ /2026/ /feed/ /wp-sitemap-posts-post-1.xml",
            stays: "/old-1/ /about/ /2025/ /2025/01/"
        );
        await Event(
            "a scheduled post's time comes",
            ScheduleAsync,
            changes: "/ /author/admin/ /feed/",
            stays: "/old-1/ /about/ /2025/ /category/two/"
        );

        // 3. Pages, terms, files, people.
        await Event(
            "a page with a page below it moves",
            () => editor.PostAsync($"/wp/v2/pages/{about}", new { slug = "who-we-are" }),
            changes: "/about/ /about/team/ /wp-sitemap-posts-page-1.xml",
            stays: "/old-1/ /old-6/ /category/two/ /2025/ /feed/ /author/admin/"
        );
        await KnowAsync("/who-we-are/ /who-we-are/team/");
        await Event(
            "a category's description is changed",
            () => editor.PostAsync($"/wp/v2/categories/{two}", new { description = "All about two." }),
            changes: "/category/two/",
            stays: "/old-1/ /who-we-are/ /2025/ /feed/ /author/admin/ /comments/feed/"
        );
        await Event(
            "a category's slug is changed",
            () => editor.PostAsync($"/wp/v2/categories/{two}", new { slug = "zwei" }),
            changes: "/category/two/ /category/two/page/2/ /old-1/ /old-6/",
            // Its six posts name it, and so do the lists that they are in: over the threshold, so everything.
            stays: ""
        );
        await KnowAsync("/category/zwei/ /category/zwei/page/2/");
        await Event(
            "a tag is deleted",
            () => editor.RestAsync(HttpMethod.Delete, $"/wp/v2/tags/{red}?force=true"),
            changes: "/tag/red/",
            stays: "/old-1/ /who-we-are/ /category/zwei/ /2025/ /feed/"
        );
        await Event(
            "a file is replaced",
            () => editor.PostAsync($"/test/v1/replace/{(long)picture["id"]!}", new { }),
            changes: file,
            stays: "/old-1/ /who-we-are/ /category/zwei/ /2025/ /feed/ /author/admin/"
        );
        await Event(
            "an author takes another name",
            () => editor.PostAsync("/wp/v2/users/1", new { name = "The Author" }),
            changes: "/author/admin/ /old-1/ /old-6/ /hello-world/",
            stays: ""
        );

        // 4. What stands in every page.
        await Event(
            "a widget is added",
            () => editor.PostAsync("/wp/v2/sidebars/sidebar-1", new { widgets = new[] { "block-2" } }),
            changes: "/ /old-1/ /who-we-are/ /category/zwei/",
            stays: ""
        );
        await Event("a menu is made and shown", MenuAsync, changes: "/ /old-1/ /who-we-are/", stays: "");
        await Event(
            "the site takes another title",
            () => editor.PostAsync("/wp/v2/settings", new { title = "Another title" }),
            changes: "/ /old-1/ /feed/",
            stays: ""
        );
        await Event(
            "another theme is activated",
            () => editor.FollowAsync("/wp-admin/themes.php", "action=activate&stylesheet=twentytwentythree"),
            changes: "/ /old-1/ /who-we-are/",
            stays: ""
        );
        await Event(
            "the permalinks change",
            () =>
                editor.SubmitAsync(
                    "/wp-admin/options-permalink.php",
                    "/wp-admin/options-permalink.php",
                    "",
                    ("permalink_structure", "/%year%/%postname%/"),
                    ("category_base", ""),
                    ("tag_base", ""),
                    ("submit", "Save")
                ),
            changes: "/ /old-1/ /old-6/ /feed/",
            stays: ""
        );

        TestReport.Say(Table());
        _faults.ShouldBeEmpty(string.Join('\n', _faults));
        shared.Site.Complaints.ShouldBeEmpty();
    }

    private async Task Event(string name, Func<Task> happens, string changes, string stays)
    {
        // 1. Everything is in the cache.
        foreach (var route in _routes.Keys)
            await WarmAsync(route);
        var newest = await shared.NewestPurgeAsync();

        // 2. It happens, and is purged everywhere.
        await happens();
        var added = shared.Editor.Added;
        var purged = await shared.PurgedSinceAsync(newest);

        // 3. Whatever WordPress makes now is what a visitor gets.
        List<string> changed = [];
        List<string> hits = [];
        foreach (var route in _routes.Keys.ToList())
        {
            var now = await shared.Site.GetAsync(route);
            var visit = await shared.Visitor.GetAsync(route);
            var seen = Page.Of((int)visit.Status, visit.Headers.GetValueOrDefault("Location"), visit.Body);
            if (seen != now)
                _faults.Add($"{name}: {route} is {visit.Cache} and old; purged: {string.Join(' ', purged)}");
            if (now != _routes[route])
                changed.Add(route);
            if (visit.Cache == "HIT")
                hits.Add(route);
            _routes[route] = now;
        }
        foreach (var route in Named(changes).Except(changed))
            _faults.Add($"{name}: {route} did not change at WordPress itself, so that it shows nothing");
        foreach (var route in Named(stays).Except(hits))
            _faults.Add($"{name}: {route} is purged for nothing; purged: {string.Join(' ', purged)}");
        added.ShouldBeLittle(name);
        _table.Add(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {(purged.Contains("All") ? "all" : $"{purged.Count} items")} | {_routes.Count - hits.Count} | {changed.Count} | {hits.Count} | {added.Milliseconds:0.0} | {added.Processor:0.0} |"
            )
        );
    }

    private string Table() =>
        "WordPress behind a PoP, read through it after each event:\n| event | purged | routes no longer cached | of them changed | routes still cached | ms added for the editor | of them processor |\n"
        + "| --- | --- | --- | --- | --- | --- | --- |\n"
        + string.Join('\n', _table);

    private async Task KnowAsync(string routes)
    {
        foreach (var route in Named(routes))
            _routes[route] = await shared.Site.GetAsync(route);
    }

    private async Task WarmAsync(string route)
    {
        var visit = await shared.Visitor.GetAsync(route);
        // What may not be stored (a 404 of WordPress says so) is asked anew each time; all else is a hit by the second visit.
        if (visit.Cache != "HIT" && visit.Status == HttpStatusCode.OK)
            (await shared.Visitor.GetAsync(route)).Cache.ShouldBe("HIT", route);
    }

    private static string[] Named(string routes) => routes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private async Task<long> WriteAsync(string kind, object item) => (long)(await shared.Editor.PostAsync($"/wp/v2/{kind}", item))["id"]!;

    private Task<long> TermAsync(string kind, string name) => WriteAsync(kind, new { name });

    /// <summary>Through the PoP, as visitors do.</summary>
    private async Task CommentAsync(long post, string text)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(shared.Visitor.Url),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/wp-comments-post.php")
        {
            Content = new FormUrlEncodedContent(
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["comment_post_ID"] = $"{post}",
                    ["comment"] = text,
                    ["author"] = "A Visitor",
                    ["email"] = "visitor@example.org",
                }
            ),
        };
        request.Headers.Host = shared.Up.Facts.Hostname;
        using var answer = await client.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.Found, await answer.Content.ReadAsStringAsync());
        shared.Editor.Took(shared.Site.AddedTo("POST", "/wp-comments-post.php"));
    }

    /// <summary>The line of the system's cron (readme.txt) asks until the time has come.</summary>
    private async Task ScheduleAsync()
    {
        var inTwoSeconds = TimeProvider.System.GetUtcNow().AddSeconds(2).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        var id = await WriteAsync(
            "posts",
            new
            {
                title = "Later",
                status = "future",
                date_gmt = inTwoSeconds,
                content = "Its time has come.",
            }
        );
        await Eventually.Async(async () =>
        {
            await shared.Site.GetAsync("/wp-cron.php");
            return (string)(await shared.Editor.RestAsync(HttpMethod.Get, $"/wp/v2/posts/{id}?context=edit"))["status"]! == "publish";
        });
        // No editor waited for the clock.
        shared.Editor.Took(default);
    }

    private async Task MenuAsync()
    {
        var menu = (long)(await shared.Editor.PostAsync("/wp/v2/menus", new { name = "Main", locations = new[] { "primary" } }))["id"]!;
        await shared.Editor.PostAsync(
            "/wp/v2/menu-items",
            new
            {
                title = "Elsewhere",
                url = "/elsewhere/",
                status = "publish",
                menus = menu,
            }
        );
    }
}
