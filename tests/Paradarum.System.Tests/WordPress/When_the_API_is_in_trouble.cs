using System.Globalization;
using Paradarum.Testing;

namespace Paradarum.SystemTests.WordPress;

/// <summary>The site stays as fast as it was, nothing is lost, and the purge arrives when the API is well again, under the same key and with the same bytes.</summary>
public sealed class When_the_API_is_in_trouble(WordPressBehindPop shared) : IClassFixture<WordPressBehindPop>
{
    private const int Saves = 3;

    [Fact]
    public async Task The_editor_waits_for_nothing_and_the_purge_arrives_later()
    {
        await using var api = new ApiInTrouble(shared.Up.Facts.Api);
        await shared.ConnectAsync(api.Url);
        var id = (long)
            (
                await shared.Editor.PostAsync(
                    "/wp/v2/posts",
                    new
                    {
                        title = "Post",
                        status = "publish",
                        content = "0",
                    }
                )
            )["id"]!;
        await shared.PurgedSinceAsync(0);

        List<string> report = [];
        var held = new Gate();
        report.Add(await SurvivesAsync(api, id, "down", exchange => Task.Run(exchange.Reset), hurry: false));
        report.Add(
            await SurvivesAsync(
                api,
                id,
                "slow",
                async exchange =>
                {
                    await held.PassAsync();
                    exchange.Reset();
                },
                hurry: true,
                meanwhile: held.Open
            )
        );
        report.Add(await SurvivesAsync(api, id, "401", Says("401 Unauthorized", "Authentication required."), hurry: true));
        report.Add(await SurvivesAsync(api, id, "403", Says("403 Forbidden", "This property is currently disabled."), hurry: true));
        report.Add(await SurvivesAsync(api, id, "429", Says("429 Too Many Requests", "Too many requests.", "Retry-After: 2"), hurry: true));
        TestReport.Say("WordPress while the API is in trouble, milliseconds added for the editor: " + string.Join(", ", report));
        shared.Site.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Items_that_the_API_refuses_are_shown_with_their_reason_and_the_others_are_purged()
    {
        await shared.ConnectAsync(shared.Up.Facts.Api);
        var newest = await shared.NewestPurgeAsync();
        await shared.Editor.SubmitAsync(
            "/wp-admin/options-general.php?page=paradarum-cdn",
            "/wp-admin/admin-post.php",
            "paradarum_save",
            ("action", "test_bad_item")
        );
        var post = await shared.Editor.PostAsync(
            "/wp/v2/posts",
            new
            {
                title = "Half",
                status = "publish",
                content = "half",
            }
        );
        var purged = await shared.PurgedSinceAsync(newest);
        purged.ShouldContain("/half/");
        shared.Editor.Added.ShouldBeLittle("partly refused");

        var notices = await shared.Editor.PageAsync("/wp-admin/index.php");
        notices.ShouldContain("The CDN refused 1 item of a purge");
        notices.ShouldContain("a/b: ");
        (await shared.Visitor.GetAsync($"/{(string)post["slug"]!}/")).Body.ShouldContain("half");
    }

    private async Task<string> SurvivesAsync(
        ApiInTrouble api,
        long id,
        string name,
        Func<OriginExchange, Task> trouble,
        bool hurry,
        Action? meanwhile = null
    )
    {
        // 1. In trouble, the editor saves; a visitor still sees the old text.
        await shared.Visitor.GetAsync("/post/");
        var newest = await shared.NewestPurgeAsync();
        api.Begin(trouble);
        List<double> added = [];
        for (var n = 0; n < Saves; n++)
        {
            await shared.Editor.PostAsync($"/wp/v2/posts/{id}", new { content = $"{name} {n}." });
            shared.Editor.Added.ShouldBeLittle(name);
            added.Add(shared.Editor.Added.Milliseconds);
        }
        await api.Met;
        (await shared.Visitor.GetAsync("/post/")).Body.ShouldNotContain($"{name} {Saves - 1}.");

        // 2. Well again, the purge arrives: by itself, or when the administrator has it hurry.
        meanwhile?.Invoke();
        var (key, body) = api.Seen[0];
        await Eventually.Async(async () =>
            (await shared.Site.QueueAsync()).Any(row => (string)row!["state"]! == "waiting" && (string)row["attempts"]! != "0")
        );
        api.End();
        if (hurry)
            await shared.Editor.SubmitAsync(
                "/wp-admin/options-general.php?page=paradarum-cdn",
                "/wp-admin/admin-post.php",
                "paradarum_retry",
                ("action", "paradarum_retry")
            );
        await shared.PurgedSinceAsync(newest);
        (await shared.Visitor.GetAsync("/post/")).Body.ShouldContain($"{name} {Saves - 1}.");
        api.Seen.Count(seen => seen == (key, body)).ShouldBeGreaterThan(1, "the retry is the same request");
        return string.Create(CultureInfo.InvariantCulture, $"{name} {added.Min():0.0} to {added.Max():0.0}");
    }

    private static Func<OriginExchange, Task> Says(string status, string message, string field = "") =>
        exchange =>
            exchange.RespondAsync(
                $$"""{"succeeded":false,"message":"{{message}}","data":null}""",
                $"Content-Type: application/json | {field}",
                status
            );
}
