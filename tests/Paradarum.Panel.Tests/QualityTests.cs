using System.Globalization;
using Microsoft.Playwright;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class Every_page_of_the_panel(Chromium chromium, SharedFleet shared) : IClassFixture<SharedFleet>
{
    private const int MostBytes = 300 * 1024;

    [Fact]
    public async Task Passes_the_automated_rules_of_axe_in_light_and_dark_on_a_desk_and_a_phone_and_is_no_wider_than_its_window()
    {
        var fleet = shared.Fleet;
        var customer = await AddCustomerAsync(fleet);
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        var found = new List<string>();

        await reader.GoAsync("/sign-in");
        await LookAsync("sign-in");
        await reader.GoAsync("/not-there");
        await LookAsync("not-found");
        await reader.GoSignedInAsync(fleet.Control, "/");
        var property = $"/properties/{fleet.Property.Id}";
        foreach (
            var (name, path) in new[]
            {
                ("properties", "/"),
                ("property-new", "/properties/new"),
                ("property", property),
                ("purge", $"{property}/purge"),
                ("history", $"{property}/purges"),
                ("receipt", shared.Receipt),
                ("hostnames", $"{property}/hostnames"),
                ("rules", $"{property}/rules"),
                ("settings", $"{property}/settings"),
                ("webhooks", $"{property}/webhooks"),
                ("keys", "/keys"),
                ("audit", "/audit"),
                ("fleet", "/fleet"),
                ("accounts", "/accounts"),
                ("account", $"/accounts/{customer}"),
            }
        )
        {
            await reader.GoAsync(path);
            await reader.WhenLiveAsync();
            await LookAsync(name);
        }

        await reader.GoAsync("/password");
        await LookAsync("password");

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

        // What a page is made of is the same in both themes: in dark the colours are looked at.
        async Task LookAsync(string name)
        {
            foreach (var (window, width, height) in new[] { ("desktop", 1280, 860), ("phone", 390, 844) })
            {
                await reader.Page.SetViewportSizeAsync(width, height);
                foreach (var dark in new[] { false, true })
                {
                    await reader.Page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
                    found.AddRange(await reader.BarriersAsync(coloursOnly: dark));
                    await reader.PictureAsync($"all-{window}-{(dark ? "dark" : "light")}-{name}");
                }
                var tooWide = await reader.Page.EvaluateAsync<int>(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                );
                if (tooWide > 0)
                    found.Add($"{name} is {tooWide} pixels too wide on a {window}");
            }
        }
    }

    [Fact]
    public async Task Transfers_at_most_300_KB_to_a_browser_that_has_nothing_yet()
    {
        var fleet = shared.Fleet;
        await using var first = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await first.GoSignedInAsync(fleet.Control, "/");
        var cookies = await first.Page.Context.CookiesAsync();
        var sizes = new List<string>();
        foreach (var path in new[] { "/", shared.Receipt, "/fleet" })
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
        var fleet = shared.Fleet;
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
        // Once what was typed is judged.
        await Assertions.Expect(reader.Button("Preview")).ToBeEnabledAsync();
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
        await reader.GoSignedInAsync(fleet.Control, $"/properties/{fleet.Property.Id}");
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

    /// <summary>An account with a user and a property, for the operator to look at.</summary>
    private static async Task<long> AddCustomerAsync(TestFleet fleet)
    {
        var made = await fleet.Control.Client.PostAnswerAsync("/api/account", new { name = "Jo's shop", email = "jo@shop.example" });
        var account = made.Data.GetProperty("id").GetInt64();
        await fleet.Control.AddPropertyAsync("jos-shop", account);
        return account;
    }
}
