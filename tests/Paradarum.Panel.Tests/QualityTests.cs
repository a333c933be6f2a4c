using System.Globalization;
using Microsoft.Playwright;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class Every_page_of_the_panel(Chromium chromium)
{
    private const int MostBytes = 300 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Passes_the_automated_rules_of_axe_in_light_and_dark_and_is_no_wider_than_its_window(bool phone)
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 3);
        fleet.Serves("<h1>page</h1>");
        for (var n = 0; n < 20; n++)
            await fleet.Pops[n % 3].VisitAsync($"/news/{n % 4}");
        await fleet.PurgeAndWaitAsync("Path", "/news/1");
        var receipt = await fleet.PurgeAndWaitAsync("Regex", "/news/", "starts_with");
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api, phone);
        var found = new List<string>();

        await reader.GoAsync("/sign-in");
        await LookAsync("sign-in");
        await reader.GoAsync("/not-there");
        await LookAsync("not-found");
        await reader.SignInAsync(fleet.Control);
        var property = $"/properties/{fleet.Property.Id}";
        foreach (
            var (name, path) in new[]
            {
                ("properties", "/"),
                ("property-new", "/properties/new"),
                ("property", property),
                ("purge", $"{property}/purge"),
                ("history", $"{property}/purges"),
                ("receipt", $"{property}/purges/{receipt["purgeId"]!.GetValue<string>()}"),
                ("hostnames", $"{property}/hostnames"),
                ("rules", $"{property}/rules"),
                ("settings", $"{property}/settings"),
                ("webhooks", $"{property}/webhooks"),
                ("keys", "/keys"),
                ("audit", "/audit"),
                ("fleet", "/fleet"),
            }
        )
        {
            await reader.GoAsync(path);
            await reader.WhenLiveAsync();
            await LookAsync(name);
        }

        // What opens on a page is looked at too.
        await reader.GoAsync($"{property}/purge");
        await reader.WhenLiveAsync();
        await reader.Page.GetByLabel("Everything").CheckAsync();
        await reader.Button("Purge everything").ClickAsync();
        await reader.Button("Yes, everything").ClickAsync();
        await reader.Page.GetByLabel("to confirm").WaitForAsync();
        await LookAsync("dialog");

        found.ShouldBeEmpty();
        reader.Complaints.ShouldBe(["Failed to load resource: the server responded with a status of 404 (Not Found)"]);

        async Task LookAsync(string name)
        {
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await reader.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                found.AddRange(await reader.BarriersAsync());
                await reader.PictureAsync($"all-{(phone ? "phone" : "desktop")}-{(scheme == ColorScheme.Dark ? "dark" : "light")}-{name}");
            }
            var tooWide = await reader.Page.EvaluateAsync<int>(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            );
            if (tooWide > 0)
                found.Add($"{name} is {tooWide} pixels too wide");
        }
    }

    [Fact]
    public async Task Transfers_at_most_300_KB_to_a_browser_that_has_nothing_yet()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 1);
        var receipt = await fleet.PurgeAndWaitAsync("All");
        await using var first = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await first.SignInAsync(fleet.Control);
        var cookies = await first.Page.Context.CookiesAsync();
        var sizes = new List<string>();
        foreach (var path in new[] { "/", $"/properties/{fleet.Property.Id}/purges/{receipt["purgeId"]!.GetValue<string>()}", "/fleet" })
        {
            await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
            await reader.Page.Context.AddCookiesAsync(
                cookies.Select(cookie => new Cookie
                {
                    Name = cookie.Name,
                    Value = cookie.Value,
                    Domain = cookie.Domain,
                    Path = cookie.Path,
                })
            );
            var bytes = 0.0;
            var network = await reader.Page.Context.NewCDPSessionAsync(reader.Page);
            await network.SendAsync("Network.enable");
            network.Event("Network.loadingFinished").OnEvent += (_, finished) =>
                bytes += finished!.Value.GetProperty("encodedDataLength").GetDouble();
            network.Event("Network.webSocketFrameReceived").OnEvent += (_, frame) =>
                bytes += frame!.Value.GetProperty("response").GetProperty("payloadData").GetString()!.Length;
            await reader.GoAsync(path);
            await reader.WhenLiveAsync();

            bytes.ShouldBeGreaterThan(50_000, "what was fetched was not counted");
            bytes.ShouldBeLessThan(MostBytes, path);
            sizes.Add(string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024:0} KiB"));
        }
        TestReport.Say(
            $"A cold page of the panel transfers {string.Join(", ", sizes)} (properties, a receipt, the fleet; compressed, socket included)."
        );
    }

    [Fact]
    public async Task Is_used_with_the_keyboard_alone()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.GoAsync("/");
        await reader.Page.Keyboard.TypeAsync(fleet.Control.Operator.Email);
        await reader.Page.Keyboard.PressAsync("Tab");
        await reader.Page.Keyboard.TypeAsync(fleet.Control.Operator.Password);
        await reader.Page.Keyboard.PressAsync("Enter");
        await reader.SeesAsync("site.cdn.localhost");
        await reader.GoAsync($"/properties/{fleet.Property.Id}/purge");
        await reader.WhenLiveAsync();

        // A page begins at its title; the first link of all skips what is the same on every page.
        (await Focused("tagName")).ShouldBe("H1");
        await reader.Page.Locator(".skip").FocusAsync();
        await reader.Page.Keyboard.PressAsync("Enter");
        (await Focused("id")).ShouldBe("main");
        await ReachAsync("[name=kind]:checked");
        await ReachAsync("#value");
        await reader.Page.Keyboard.TypeAsync("/about");
        await ReachAsync("button.quiet");
        await ReachAsync("button.primary");
        await reader.Page.Keyboard.PressAsync("Enter");
        await reader.SeesAsync("Complete");

        Task<string> Focused(string what) => reader.Page.EvaluateAsync<string>($"document.activeElement.{what}");

        async Task ReachAsync(string selector)
        {
            for (var n = 0; n < 20; n++)
            {
                await reader.Page.Keyboard.PressAsync("Tab");
                if (await reader.Page.EvaluateAsync<bool>($"document.activeElement.matches('{selector}')"))
                    return;
            }
            Assert.Fail($"{selector} is not reached with Tab.");
        }
    }

    [Fact]
    public async Task Shows_live_figures_without_a_reload()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        fleet.Serves(new string('x', 1000));
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.SignInAsync(fleet.Control);
        await reader.GoAsync($"/properties/{fleet.Property.Id}");
        await reader.WhenLiveAsync();
        var live = reader.Page.GetByRole(AriaRole.Region, new() { Name = "Live figures" });
        await Assertions.Expect(live.Locator("b").Nth(0)).ToHaveTextAsync("0");

        for (var n = 0; n < 10; n++)
            await fleet.Pops[n % 2].VisitAsync("/page");
        await fleet.PurgeAndWaitAsync("Path", "/nothing");

        // Two PoPs fetched it once each; bodies of 1 000 bytes.
        await Assertions.Expect(live.Locator("b").Nth(0)).ToHaveTextAsync("10", new() { Timeout = 20_000 });
        await Assertions.Expect(live.Locator("b").Nth(1)).ToHaveTextAsync("80 %");
        await Assertions.Expect(live.Locator("b").Nth(2)).ToHaveTextAsync("9.8 KiB");
        await Assertions.Expect(live.Locator("b").Nth(3)).ToHaveTextAsync("1");
        await reader.PictureAsync("live");
    }
}
