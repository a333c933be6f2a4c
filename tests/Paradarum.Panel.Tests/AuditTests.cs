using System.Globalization;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Paradarum.Control.Access;
using Paradarum.Control.Database;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class The_audit_trail_in_the_panel(Chromium chromium)
{
    private const string Customer = "jo@shop.example";
    private const string Password = "a long enough password";

    [Fact]
    public async Task Tells_who_changed_what_from_where_and_what_it_was_before()
    {
        await using var control = await ControlHost.StartAsync();
        await control.AddPropertyAsync("my-blog");
        var shop = await control.AddPropertyAsync("my-shop");
        await control.Changes.SetStateAsync(ControlHost.Somebody, shop.Id, PropertyState.Disabled, CancellationToken.None);
        await control.Changes.SetStateAsync(ControlHost.Somebody, shop.Id, PropertyState.Active, CancellationToken.None);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/properties/{shop.Id}");
        await reader.Page.GetByLabel("Origin 1", new() { Exact = true }).FillAsync("http://new.example");
        await reader.Button("Save origins").ClickAsync();
        await reader.SeesAsync("Saved.");

        // From the property's page: its own entries, the newest first, with what differs.
        await reader.Page.GetByRole(AriaRole.Navigation, new() { Name = "Parts of the property" }).GetByText("Audit trail").ClickAsync();
        var newest = Rows(reader).First;
        foreach (var part in new[] { "Origin changed", "http://127.0.0.1:9", "http://new.example:80", "admin@localhost", "127.0.0.1" })
            await Assertions.Expect(newest).ToContainTextAsync(part);
        await Assertions.Expect(Rows(reader).Last).ToContainTextAsync("Property created my-shop");
        await Assertions.Expect(Rows(reader).Filter(new() { HasText = "my-blog" })).ToHaveCountAsync(0);
        await Assertions.Expect(Rows(reader).Filter(new() { HasText = "Active" }).First).ToContainTextAsync("Disabled");
        await reader.PictureAsync("audit-property");

        // By what it is about; a purge leads to its receipt.
        await reader.Page.GetByLabel("About").SelectOptionAsync("purge");
        await Assertions.Expect(Rows(reader)).ToHaveCountAsync(1);
        await Assertions.Expect(Rows(reader).First).ToContainTextAsync("system");
        await reader.Link("everything").ClickAsync();
        await Assertions.Expect(reader.Page.Locator("h2").First).ToContainTextAsync("everything");

        // All of it, and what one person did.
        await reader.Page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByText("Audit trail").ClickAsync();
        await Assertions.Expect(Rows(reader).Filter(new() { HasText = "Signed in" })).ToHaveCountAsync(1);
        await reader.PictureAsync("audit");
        await reader.Page.GetByLabel("Done by").FillAsync("test");
        await reader.Page.GetByLabel("Done by").PressAsync("Enter");
        await Assertions.Expect(Rows(reader).Filter(new() { HasText = "admin@localhost" })).ToHaveCountAsync(0);
        await Assertions.Expect(Rows(reader).Filter(new() { HasText = "my-blog" }).First).ToBeVisibleAsync();
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_turned_page_by_page()
    {
        await using var control = await ControlHost.StartAsync();
        var shop = await control.AddPropertyAsync("my-shop");
        for (var n = 1; n <= 25; n++)
            await control.Changes.SetOriginsAsync(
                ControlHost.Somebody,
                shop.Id,
                [new Origin("http", string.Create(CultureInfo.InvariantCulture, $"origin-{n}.example"), 80, "", true)],
                CancellationToken.None
            );
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/audit?type=origin&property={shop.Id}");

        await Assertions.Expect(Rows(reader)).ToHaveCountAsync(20);
        await Assertions.Expect(Rows(reader).First).ToContainTextAsync("origin-25.example");
        await reader.Button("Older").ClickAsync();

        await Assertions.Expect(Rows(reader)).ToHaveCountAsync(5);
        await Assertions.Expect(Rows(reader).Last).ToContainTextAsync("origin-1.example");
        (await reader.Button("Older").IsDisabledAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Shows_an_account_its_own_and_nothing_of_the_operator_but_what_he_did_to_it()
    {
        await using var control = await ControlHost.StartAsync();
        var account = await control.AddAccountAsync("shop");
        await AddUserAsync(control, account.Id);
        var operators = await control.AddPropertyAsync("not-yours");
        var own = await control.AddPropertyAsync("my-shop", account.Id);
        await control.Changes.SetStateAsync(ControlHost.Somebody, own.Id, PropertyState.Suspended, CancellationToken.None);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, "/audit", Customer, Password);

        await Assertions.Expect(Rows(reader).Filter(new() { HasText = "Signed in" })).ToContainTextAsync(Customer);
        var suspension = Rows(reader).Filter(new() { HasText = "Suspended" });
        await Assertions.Expect(suspension).ToContainTextAsync("operator");
        await Assertions.Expect(suspension).Not.ToContainTextAsync(ControlHost.Somebody.Name);
        (await reader.Page.ContentAsync()).ShouldNotContain("not-yours");

        await reader.GoAsync($"/audit?property={operators.Id}");
        await reader.SeesAsync("Nothing here.");
        (await reader.Page.ContentAsync()).ShouldNotContain("not-yours");
    }

    private static ILocator Rows(Reader reader) => reader.Page.Locator("table.trail tbody tr");

    private static Task<bool> AddUserAsync(ControlHost control, long accountId)
    {
        var hasher = control.Plane.Services.GetRequiredService<IPasswordHasher<User>>();
        var users = control.Plane.Services.GetRequiredService<UserDirectory>();
        return control.Writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                var user = new User
                {
                    AccountId = accountId,
                    Email = Customer,
                    PasswordHash = hasher.HashPassword(null!, Password),
                    CreatedAt = write.Now,
                };
                db.Add(user);
                db.SaveChanges();
                var account = db.Set<Account>().Single(found => found.Id == accountId);
                write.AfterFlush(() => users.Put(user, account));
                return true;
            },
            CancellationToken.None
        );
    }
}
