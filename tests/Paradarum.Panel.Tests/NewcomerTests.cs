using System.Net;
using Microsoft.Playwright;
using Paradarum.SystemTests.Up;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class A_newcomer_with_only_the_panel(Chromium chromium)
{
    private const string Shop = "www.jos-shop.example";

    [Fact]
    public async Task Makes_an_account_a_property_a_hostname_and_a_key_purges_and_sees_every_node_turn()
    {
        await using var dns = new TestDns();
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2, dns: dns.Address);
        fleet.Serves("<h1>Spring</h1>");
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);

        // 1. The operator makes an account, and hands on the password that is shown.
        await reader.SignInAsync(fleet.Control);
        await reader.WhenLiveAsync();
        await GoByAsync("Accounts");
        await Field("Name").FillAsync("Jo's shop");
        await reader.Page.GetByLabel("First user's e-mail address").FillAsync("jo@jos-shop.example");
        await reader.Button("Make the account").ClickAsync();
        await reader.SeesAsync("jo@jos-shop.example can sign in");
        var password = await reader.Page.Locator(".copy code").InnerTextAsync();
        await reader.PictureAsync("newcomer-1-account");
        await reader.Button("Sign out").ClickAsync();

        // 2. Jo makes a property for the site on this machine.
        await reader.SignInAsync("jo@jos-shop.example", password);
        await reader.WhenLiveAsync();
        await reader.SeesAsync("No property yet.");
        // A longer address than the operator's does not push its way out of the side.
        (await RightOfAsync(".who form")).ShouldBeLessThanOrEqualTo(await RightOfAsync(".side"));
        await reader.Link("Make the first one").ClickAsync();
        await Field("Name").FillAsync("jos-shop");
        await Field("Origin").FillAsync($"http://127.0.0.1:{fleet.Origin.Port}");
        await reader.PictureAsync("newcomer-2-property-new");
        await reader.Button("Make the property").ClickAsync();
        await reader.SeesAsync("How it is served");
        await reader.PictureAsync("newcomer-3-property");

        // 3. A hostname of her own: pending until its DNS record leads to a PoP, then active.
        await reader.Link("Hostnames").ClickAsync();
        await reader.SeesAsync("New hostname");
        await Field("Name").FillAsync(Shop);
        await reader.Button("Add").ClickAsync();
        await reader.SeesAsync($"{Shop} is added, and pending:");
        await reader.PictureAsync("newcomer-4-hostname-pending");
        dns.Says(Shop, "A 127.0.0.1");
        await reader.Button($"Verify {Shop} again").ClickAsync();
        await reader.SeesAsync($"{Shop} is verified, and active.");
        await reader.PictureAsync("newcomer-5-hostname");
        using var near = fleet.Pops[0].NewVisitorOf(Shop);
        using var far = fleet.Pops[1].NewVisitorOf(Shop);
        await Eventually.Async(async () => (await near.GetAsync("/")).Status == HttpStatusCode.OK);
        await Eventually.Async(async () => (await far.GetAsync("/")).Status == HttpStatusCode.OK);

        // 4. A key for her shop's plugin, which works.
        await GoByAsync("API keys");
        await Field("Name").FillAsync("Shop plugin");
        await reader.Button("Make the key").ClickAsync();
        await Assertions.Expect(reader.Page.Locator(".copy code")).ToContainTextAsync("pdm_");
        var key = await reader.Page.Locator(".copy code").InnerTextAsync();
        await reader.PictureAsync("newcomer-6-key");
        using var plugin = fleet.Control.NewClient(key);
        var property = fleet.Control.Catalogue.Current.Properties.Values.Single(made => made.Configuration.Name == "jos-shop");
        (await plugin.GetAnswerAsync($"/api/property/{property.Id}/purge")).Status.ShouldBe(200);

        // 5. The site changes; visitors see the old one, until it is purged.
        fleet.Serves("<h1>Summer</h1>");
        (await near.GetAsync("/")).ShouldSatisfyAllConditions(
            seen => seen.Body.ShouldBe("<h1>Spring</h1>"),
            seen => seen.Cache.ShouldBe("HIT")
        );
        await reader.Link("Properties").ClickAsync();
        await reader.Link("Purge jos-shop").ClickAsync();
        await reader.Page.GetByLabel("Path", new() { Exact = true }).FillAsync("/");
        await reader.Button("Preview").ClickAsync();
        await reader.SeesAsync($"{Shop}/");
        await reader.PictureAsync("newcomer-7-preview");
        fleet.Pops[1].Link.Freeze();
        await reader.Button("Purge").ClickAsync();
        await reader.ArrivesAsync("/purges/");

        // 6. Every node turns: one is kept back, so that both sides of it are seen.
        await Assertions.Expect(Row("shield-1")).ToContainTextAsync("applied after");
        await Assertions.Expect(Row("pop-1")).ToContainTextAsync("applied after");
        await Assertions.Expect(Row("pop-2")).Not.ToContainTextAsync("applied after");
        await reader.PictureAsync("newcomer-8-on-its-way");
        fleet.Pops[1].Link.Restore();
        await Assertions.Expect(Row("pop-2")).ToContainTextAsync("applied after");
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("Complete");
        await PicturesAsync("newcomer-9-complete");

        // 7. And visitors see the new site, on both PoPs.
        (await near.GetAsync("/")).Body.ShouldBe("<h1>Summer</h1>");
        (await far.GetAsync("/")).Body.ShouldBe("<h1>Summer</h1>");
        reader.Complaints.ShouldBeEmpty();

        // The page that is left has fields of the same names.
        async Task GoByAsync(string link)
        {
            await reader.Link(link).ClickAsync();
            await reader.Page.GetByRole(AriaRole.Heading, new() { Name = link, Level = 1 }).WaitForAsync();
        }

        ILocator Field(string label) => reader.Page.GetByLabel(label, new() { Exact = true });

        Task<double> RightOfAsync(string selector) =>
            reader.Page.EvaluateAsync<double>($"document.querySelector('{selector}').getBoundingClientRect().right");

        ILocator Row(string node) => reader.Page.GetByRole(AriaRole.Row, new() { Name = node });

        async Task PicturesAsync(string name)
        {
            await reader.PictureAsync(name);
            await reader.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            await reader.PictureAsync($"{name}-dark");
            await reader.Page.SetViewportSizeAsync(390, 844);
            await reader.PictureAsync($"{name}-phone");
        }
    }
}

/// <summary>The same in short against <c>paradarum up</c> as it is started from a shell: a process with its own panel, files and ports.</summary>
public sealed class A_newcomer_who_has_started_up(Chromium chromium)
{
    private const string Site = "my-site.localhost";

    [Fact]
    public async Task Makes_a_property_a_hostname_and_a_key_purges_and_sees_every_node_turn()
    {
        using var folder = new TemporaryFolder();
        await using var site = new ScriptedOrigin
        {
            Script = exchange => exchange.RespondAsync("<h1>Spring</h1>", "Cache-Control: max-age=600"),
        };
        await using var up = await UpProcess.StartAsync(folder["data"], UpPorts.Pick());
        await using var reader = await Reader.OpenAsync(chromium, new Uri(up.Facts.Api));

        await reader.SignInAsync(up.Facts.AdminEmail, up.Facts.AdminPassword);
        await reader.WhenLiveAsync();
        await reader.Link("New property").ClickAsync();
        await Field("Name").FillAsync("my-site");
        await Field("Origin").FillAsync($"http://127.0.0.1:{site.Port}");
        await reader.Button("Make the property").ClickAsync();
        await reader.SeesAsync("How it is served");
        var property = new Uri(reader.Page.Url).Segments[^1];

        // Under localhost every name leads to this machine, and so to its PoPs.
        await reader.Link("Hostnames").ClickAsync();
        await reader.SeesAsync("New hostname");
        await Field("Name").FillAsync(Site);
        await reader.Button("Add").ClickAsync();
        await reader.SeesAsync($"{Site} is added.");
        Visitor[] visitors = [.. up.Facts.Pops.Select(pop => new Visitor(pop.Url, Site))];
        foreach (var visitor in visitors)
            await Eventually.Async(async () => (await visitor.GetAsync("/")).Body == "<h1>Spring</h1>");

        await reader.Link("API keys").ClickAsync();
        await reader.Page.GetByRole(AriaRole.Heading, new() { Name = "API keys", Level = 1 }).WaitForAsync();
        await Field("Name").FillAsync("My plugin");
        await reader.Button("Make the key").ClickAsync();
        await Assertions.Expect(reader.Page.Locator(".copy code")).ToContainTextAsync("pdm_");
        using (var plugin = up.Api(await reader.Page.Locator(".copy code").InnerTextAsync()))
            (await plugin.GetAsync(new Uri($"/api/property/{property}/purge", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);

        site.Script = exchange => exchange.RespondAsync("<h1>Summer</h1>", "Cache-Control: max-age=600");
        foreach (var visitor in visitors)
            (await visitor.GetAsync("/")).Body.ShouldBe("<h1>Spring</h1>");
        await reader.Link("Properties").ClickAsync();
        await reader.Link("Purge my-site").ClickAsync();
        await reader.Page.GetByLabel("Path", new() { Exact = true }).FillAsync("/");
        await reader.Button("Purge").ClickAsync();
        await reader.ArrivesAsync("/purges/");
        foreach (var node in new[] { "shield-1", "pop-1", "pop-2" })
            await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = node })).ToContainTextAsync("applied after");
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("Complete");
        await reader.PictureAsync("newcomer-up-complete");

        foreach (var visitor in visitors)
        {
            (await visitor.GetAsync("/")).Body.ShouldBe("<h1>Summer</h1>");
            visitor.Dispose();
        }
        reader.Complaints.ShouldBeEmpty();

        ILocator Field(string label) => reader.Page.GetByLabel(label, new() { Exact = true });
    }
}
