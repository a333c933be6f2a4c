using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed partial class A_purge_from_the_panel(Chromium chromium)
{
    [Fact]
    public async Task Is_checked_as_one_types_previewed_sent_and_seen_to_reach_every_node()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        fleet.Serves("<h1>old</h1>");
        foreach (var path in new[] { "/news/", "/news/opening", "/about" })
        foreach (var pop in fleet.Pops)
            await pop.VisitAsync(path);
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.GoSignedInAsync(fleet.Control, "/");

        // 1. Written: wrong, and right.
        await reader.Link("Purge site").ClickAsync();
        var value = reader.Page.GetByLabel("Path", new() { Exact = true });
        await value.FillAsync("news");
        await reader.SeesAsync("Path must start with '/'.");
        (await reader.Button("Preview").IsDisabledAsync()).ShouldBeTrue();
        await reader.PictureAsync("purge-refused");
        await reader.Page.GetByLabel("Text or pattern").CheckAsync();
        await reader.Page.GetByLabel("How it is compared").SelectOptionAsync("starts_with");
        await reader.Page.GetByLabel("Text", new() { Exact = true }).FillAsync("/news/");

        // 2. Seen before it is sent: two pages on a shield and two PoPs. Nothing is purged by it.
        await reader.Button("Preview").ClickAsync();
        var preview = reader.Page.GetByRole(AriaRole.Region, new() { Name = "Preview" });
        await Assertions.Expect(preview.GetByText("objects").First).ToBeVisibleAsync();
        (await preview.Locator(".figure b").First.InnerTextAsync()).ShouldBe("6");
        await reader.SeesAsync("site.cdn.localhost/news/opening");
        await reader.PictureAsync("purge-preview");
        (await fleet.Pops[0].VisitAsync("/news/")).Body.ShouldBe("<h1>old</h1>");

        // 3. Sent, while one PoP can't be reached: the others have it, that one is waited for.
        fleet.Serves("<h1>new</h1>");
        fleet.Pops[1].Link.Freeze();
        await reader.Button("Purge").ClickAsync();
        await reader.ArrivesAsync("/purges/");
        await Assertions.Expect(Row(reader, "pop-1")).ToContainTextAsync("applied after");
        await Assertions.Expect(Row(reader, "shield-1")).ToContainTextAsync("applied after");
        await Assertions.Expect(Row(reader, "pop-2")).ToContainTextAsync(NotYet());
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("On the PoPs");
        await reader.PictureAsync("purge-on-its-way");

        // 4. It comes back: the page tells it by itself.
        fleet.Pops[1].Link.Restore();
        await Assertions.Expect(Row(reader, "pop-2")).ToContainTextAsync("applied after", new() { Timeout = 20_000 });
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("Complete");
        await Assertions.Expect(reader.Page.Locator(".figures")).ToContainTextAsync("objects forgotten");
        await reader.PictureAsync("purge-complete");
        (await fleet.Pops[1].VisitAsync("/news/")).Body.ShouldBe("<h1>new</h1>");
        (await fleet.Pops[1].VisitAsync("/about")).Body.ShouldBe("<h1>old</h1>");

        // 5. In the history, with who asked.
        await reader.Link("History").ClickAsync();
        await Assertions
            .Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "what starts with /news/" }))
            .ToContainTextAsync("admin@localhost");
        await reader.PictureAsync("history");
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_everything_is_asked_twice()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        fleet.Serves("page");
        await fleet.Pops[0].VisitAsync("/");
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.GoSignedInAsync(fleet.Control, $"/properties/{fleet.Property.Id}/purge");

        await reader.Page.GetByLabel("Everything").CheckAsync();
        await reader.Button("Purge everything").ClickAsync();
        await reader.Button("Cancel").ClickAsync();
        await reader.Button("Purge everything").ClickAsync();
        await reader.Button("Yes, everything").ClickAsync();
        var dialog = reader.Page.GetByRole(AriaRole.Dialog);
        var really = dialog.GetByRole(AriaRole.Button, new() { Name = "Purge everything" });
        await Assertions.Expect(really).ToBeDisabledAsync();
        (await fleet.Control.Client.GetAnswerAsync($"/api/property/{fleet.Property.Id}/purge")).Data.GetArrayLength().ShouldBe(0);
        await dialog.GetByLabel("to confirm").FillAsync("site");
        await reader.PictureAsync("purge-everything-asked");
        await really.ClickAsync();

        await reader.SeesAsync("Complete");
        await Assertions.Expect(reader.Page.Locator("h2").First).ToContainTextAsync("everything");
    }

    [Fact]
    public async Task Of_a_suspended_property_is_refused_as_the_API_refuses_it()
    {
        await using var control = await ControlHost.StartAsync();
        var property = await control.AddPropertyAsync("my-shop");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/properties/{property.Id}/purge");
        await reader.Page.GetByLabel("Path", new() { Exact = true }).FillAsync("/");

        // After the page was opened: what counts is how things are when it is sent.
        await control.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Suspended, CancellationToken.None);
        await reader.Button("Purge").ClickAsync();

        await reader.SeesAsync("This property is currently suspended.");
        // The suspension's own purge, and no other.
        (await control.Client.GetAnswerAsync($"/api/property/{property.Id}/purge"))
            .Data.EnumerateArray()
            .ShouldAllBe(purge => purge.GetProperty("askedBy").GetString() == "system");
    }

    [Fact]
    public async Task That_matched_nothing_says_what_was_probably_meant()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        fleet.Serves("page");
        await fleet.Pops[0].VisitAsync("/shoes/");
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.GoSignedInAsync(fleet.Control, $"/properties/{fleet.Property.Id}/purge");

        await reader.Page.GetByLabel("Path", new() { Exact = true }).FillAsync("/shoes");
        await reader.Button("Purge").ClickAsync();

        await reader.SeesAsync("Did you mean");
        await reader.SeesAsync("/shoes/");
        await reader.PictureAsync("purge-near-miss");
    }

    /// <summary>Pending, or owed once its lease lapsed.</summary>
    [GeneratedRegex("on its way|out of reach", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NotYet();

    private static ILocator Row(Reader reader, string node) => reader.Page.GetByRole(AriaRole.Row, new() { Name = node });
}
