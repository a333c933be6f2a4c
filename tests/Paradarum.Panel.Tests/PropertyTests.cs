using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Playwright;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class A_newcomer(Chromium chromium)
{
    [Fact]
    public async Task Makes_a_property_a_hostname_and_a_key_with_the_panel_alone()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 1);
        fleet.Serves("hello");
        await using var reader = await Reader.OpenAsync(chromium, fleet.Control.Plane.Api);
        await reader.GoSignedInAsync(fleet.Control, "/");

        await reader.Link("New property").ClickAsync();
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("My Shop");
        await reader.SeesAsync("Name must be 3 to 63 characters");
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("my-shop");
        await reader.Page.GetByLabel("Origin", new() { Exact = true }).FillAsync($"http://127.0.0.1:{fleet.Origin.Port}");
        await reader.PictureAsync("property-new");
        await reader.Button("Make the property").ClickAsync();
        await reader.ArrivesAsync("/properties/2");
        await reader.SeesAsync("How it is served");
        await reader.PictureAsync("property");

        await reader.Link("Hostnames").ClickAsync();
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("second.cdn.localhost");
        await reader.Button("Add").ClickAsync();
        await reader.SeesAsync("second.cdn.localhost is added.");
        await reader.PictureAsync("hostnames");
        using (var visitor = fleet.Pops[0].NewVisitor("second"))
            await Eventually.Async(async () => (await visitor.GetAsync("/")).Status == HttpStatusCode.OK);
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Gives_a_key_its_whole_life()
    {
        await using var control = await ControlHost.StartAsync();
        var property = await control.AddPropertyAsync("my-shop");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, "/keys");

        // Made and shown, this once.
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("CMS plugin");
        await reader.Button("Make the key").ClickAsync();
        var shown = reader.Page.Locator(".copy code");
        await Assertions.Expect(shown).ToContainTextAsync("pdm_");
        var key = await shown.InnerTextAsync();
        await reader.PictureAsync("key-made");
        await reader.Button("Copy the new key").ClickAsync();
        await Assertions.Expect(reader.Page.Locator("button[data-copied]")).ToBeVisibleAsync();
        await reader.Button("I have stored it").ClickAsync();
        await Assertions.Expect(reader.Page.Locator(".copy")).ToHaveCountAsync(0);
        (await reader.Page.ContentAsync()).ShouldNotContain(key);

        // Used: it may purge and nothing else.
        using var client = control.NewClient(key);
        (await client.GetAnswerAsync($"/api/property/{property.Id}/purge")).Status.ShouldBe(200);
        (await client.GetAnswerAsync("/api/property")).Status.ShouldBe(403);
        await reader.GoAsync("/keys");
        await reader.WhenLiveAsync();
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "CMS plugin" })).ToContainTextAsync("just now");

        // Revoked: at once.
        await reader.Button("Revoke CMS plugin").ClickAsync();
        await reader.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "CMS plugin" })).ToContainTextAsync("Revoked");
        (await client.GetAnswerAsync($"/api/property/{property.Id}/purge")).Status.ShouldBe(401);
        await reader.PictureAsync("keys");
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Changes_rules_and_settings_under_the_rules_of_the_API()
    {
        await using var control = await ControlHost.StartAsync();
        var property = await control.AddPropertyAsync("my-shop");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/properties/{property.Id}/rules");

        await reader.Button("New rule").ClickAsync();
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Broken");
        await reader.Page.GetByLabel("Path", new() { Exact = true }).SelectOptionAsync("4");
        await reader.Page.GetByLabel("Pattern", new() { Exact = true }).FillAsync("(");
        await reader.Button("Save").ClickAsync();
        await reader.SeesAsync("Pattern is not a valid regular expression");
        await reader.Page.GetByLabel("Pattern", new() { Exact = true }).FillAsync(@"\.css$");
        await reader.Page.GetByLabel("Cookies past the cache").FillAsync("session, cart");
        await reader.PictureAsync("rule");
        await reader.Button("Save").ClickAsync();
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "Broken" })).ToContainTextAsync(@"\.css$");
        control.Catalogue.Current.Properties[property.Id].Configuration.CacheRules.Single().BypassCookies.ShouldBe(["session", "cart"]);
        await reader.PictureAsync("rules");

        await reader.Link("Settings").ClickAsync();
        await reader.Page.GetByLabel("Browsers keep an answer").SelectOptionAsync("override");
        await reader.Page.GetByLabel("Seconds").FillAsync("long");
        await reader.Button("Save settings").ClickAsync();
        await reader.SeesAsync("Ttl must be a");
        await reader.Page.GetByLabel("Seconds").FillAsync("120");
        await reader.Page.GetByLabel("Send visitors of http://").CheckAsync();
        await reader.Page.GetByLabel("Browsers come over HTTPS alone for").FillAsync("a year");
        await reader.Button("Save settings").ClickAsync();
        await reader.SeesAsync("Hsts must be");
        await reader.Page.GetByLabel("Browsers come over HTTPS alone for").FillAsync("31536000");
        await reader.Button("Save settings").ClickAsync();
        await reader.SeesAsync("Saved.");
        var general = control.Catalogue.Current.Properties[property.Id].General;
        (general.BrowserTtl, general.Https).ShouldBe((120, new HttpsChoice(Redirect: true, 31_536_000)));
        await reader.PictureAsync("settings");
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Gives_a_hostname_its_certificate_and_never_sees_the_key_again()
    {
        await using var control = await ControlHost.StartAsync();
        var property = await control.AddPropertyAsync("my-shop");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/properties/{property.Id}/hostnames");

        await reader.Button("Certificate of my-shop.cdn.localhost").ClickAsync();
        await InstallAsync(CertificateFor("elsewhere.example"));
        await Assertions
            .Expect(reader.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "my-shop.cdn.localhost" }))
            .ToBeVisibleAsync();
        await InstallAsync(CertificateFor("my-shop.cdn.localhost"));
        await reader.SeesAsync("The certificate of my-shop.cdn.localhost is installed.");
        await Assertions
            .Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "my-shop.cdn.localhost" }))
            .ToContainTextAsync("until 20");
        await reader.Button("Certificate of my-shop.cdn.localhost").ClickAsync();
        await reader.SeesAsync("SHA-256");
        (await reader.Page.GetByLabel("Private key, PEM").InputValueAsync()).ShouldBe("");
        await reader.PictureAsync("certificate");

        async Task InstallAsync(string certificate)
        {
            await reader.Page.GetByLabel("Certificate and its chain, PEM").FillAsync(certificate);
            await reader.Page.GetByLabel("Private key, PEM").FillAsync(key.ExportPkcs8PrivateKeyPem());
            await reader.Button("Install").ClickAsync();
        }

        string CertificateFor(string name)
        {
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            var now = TimeProvider.System.GetUtcNow();
            using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(90));
            return certificate.ExportCertificatePem();
        }
    }

    [Fact]
    public async Task Adds_a_webhook_whose_secret_is_shown_once()
    {
        await using var control = await ControlHost.StartAsync();
        var property = await control.AddPropertyAsync("my-shop");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/properties/{property.Id}/webhooks");

        await reader.Page.GetByLabel("URL").FillAsync("http://10.0.0.1/");
        await reader.Button("Add").ClickAsync();
        await reader.SeesAsync("Url leads to an address that is not public.");
        await reader.Page.GetByLabel("URL").FillAsync("https://hooks.example.com/purged");
        await reader.Button("Add").ClickAsync();
        var secret = await reader.Page.Locator(".copy code").InnerTextAsync();
        secret.ShouldStartWith("whsec_");
        await reader.PictureAsync("webhook");
        await reader.Button("I have stored it").ClickAsync();
        await Assertions.Expect(reader.Page.Locator(".copy")).ToHaveCountAsync(0);
        (await reader.Page.ContentAsync()).ShouldNotContain(secret);

        await reader.Button("Delete https://hooks.example.com/purged").ClickAsync();
        await reader.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "hooks.example.com" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Sees_nothing_of_another_account()
    {
        await using var control = await ControlHost.StartAsync();
        var other = await control.AddAccountAsync("other");
        var property = await control.AddPropertyAsync("not-yours", other.Id);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, "/");

        foreach (var part in new[] { "", "/purge", "/purges", "/hostnames", "/rules", "/settings", "/webhooks" })
        {
            await reader.GoAsync($"/properties/{property.Id}{part}");

            await reader.SeesAsync("There is no such page");
            (await reader.Page.ContentAsync()).ShouldNotContain("not-yours", Case.Insensitive, part);
        }
    }
}
