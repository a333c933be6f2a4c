using System.Net;
using Microsoft.Playwright;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed class Accounts_in_the_panel(Chromium chromium)
{
    private const string Customer = "jo@shop.example";
    private const string Password = "a long enough password";

    [Fact]
    public async Task Get_users_whose_passwords_are_shown_once_and_end_with_their_users()
    {
        await using var control = await ControlHost.StartAsync();
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, "/accounts");

        // Refused as the API refuses it, and made.
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Jo's shop");
        await reader.Page.GetByLabel("First user's e-mail address").FillAsync("nobody");
        await reader.Button("Make the account").ClickAsync();
        await reader.SeesAsync("Email is required and must be an address");
        await reader.Page.GetByLabel("First user's e-mail address").FillAsync(Customer);
        await reader.Page.GetByLabel("Password", new() { Exact = true }).FillAsync("short");
        await reader.Button("Make the account").ClickAsync();
        await reader.SeesAsync("Password must be 12 to 128 characters.");
        await reader.Page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await reader.Button("Make the account").ClickAsync();
        await reader.SeesAsync($"{Customer} can sign in");
        (await SignsInAsync(control, Customer, Password)).ShouldBeTrue();

        // A second user: the password that was made is shown, and works.
        await reader.Link("Jo's shop").ClickAsync();
        await reader.Page.GetByLabel("Another user's e-mail address").FillAsync("kim@shop.example");
        await reader.Button("Add the user").ClickAsync();
        var first = await ShownAsync(reader, "kim@shop.example");
        (await SignsInAsync(control, "kim@shop.example", first)).ShouldBeTrue();
        await reader.PictureAsync("account");

        // Another password for them, and then none.
        await reader.Button("New password for kim@shop.example").ClickAsync();
        await InDialogAsync(reader, "Make a password");
        await Assertions.Expect(reader.Page.Locator(".copy code")).Not.ToHaveTextAsync(first);
        var second = await ShownAsync(reader, "kim@shop.example");
        (await SignsInAsync(control, "kim@shop.example", first)).ShouldBeFalse();
        (await SignsInAsync(control, "kim@shop.example", second)).ShouldBeTrue();
        await reader.Button("Done").ClickAsync();
        await Assertions.Expect(reader.Page.Locator(".copy")).ToHaveCountAsync(0);
        (await reader.Page.ContentAsync()).ShouldNotContain(second);
        await reader.Button("Delete kim@shop.example").ClickAsync();
        await InDialogAsync(reader, "Delete");
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "kim@shop.example" })).ToHaveCountAsync(0);
        (await SignsInAsync(control, "kim@shop.example", second)).ShouldBeFalse();

        // The account itself.
        await reader.Button("Delete Jo's shop").ClickAsync();
        await reader.Page.GetByRole(AriaRole.Dialog).GetByLabel("to confirm").FillAsync("Jo's shop");
        await InDialogAsync(reader, "Delete");
        await reader.Page.GetByRole(AriaRole.Heading, new() { Name = "Accounts", Level = 1 }).WaitForAsync();
        await Assertions.Expect(reader.Page.GetByRole(AriaRole.Row, new() { Name = "Jo's shop" })).ToHaveCountAsync(0);
        (await SignsInAsync(control, Customer, Password)).ShouldBeFalse();
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Are_suspended_and_an_open_page_of_theirs_does_nothing_more_until_that_is_lifted()
    {
        await using var control = await ControlHost.StartAsync();
        var account = await AddAccountAsync(control);
        await using var customer = await Reader.OpenAsync(chromium, control.Plane.Api);
        await customer.GoSignedInAsync(control, "/properties/new", Customer, Password);
        await customer.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("too-late");
        await customer.Page.GetByLabel("Origin", new() { Exact = true }).FillAsync("http://127.0.0.1");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/accounts/{account}");

        await reader.Button("Suspend Jo's shop").ClickAsync();
        await InDialogAsync(reader, "Suspend");
        await reader.SeesAsync("its keys open nothing");
        await customer.Button("Make the property").ClickAsync();

        await customer.SeesAsync("Sign in to Paradarum");
        control.Catalogue.Current.Properties.ShouldBeEmpty();
        await customer.Page.GetByLabel("E-mail address").FillAsync(Customer);
        await customer.Page.GetByLabel("Password").FillAsync(Password);
        await customer.Button("Sign in").ClickAsync();
        await customer.SeesAsync("suspended");
        await reader.Button("Lift the suspension of Jo's shop").ClickAsync();
        await reader.SeesAsync("Suspend Jo's shop");
        (await SignsInAsync(control, Customer, Password)).ShouldBeTrue();

        // What was tried while it was suspended stands in the trail, in words.
        await reader.GoAsync("/audit?type=sign-in");
        await reader.SeesAsync("Sign-in refused (account suspended)");
    }

    [Fact]
    public async Task Have_properties_that_the_operator_suspends_and_that_they_disable_themselves()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        fleet.Serves("page");
        var control = fleet.Control;
        var account = await AddAccountAsync(control);
        var property = await control.AddPropertyAsync(
            "jo",
            account,
            new Protocol.Configuration.Origin("http", "127.0.0.1", fleet.Origin.Port, "", true)
        );
        using var visitor = fleet.Pops[0].NewVisitor("jo");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.GoSignedInAsync(control, $"/accounts/{account}");
        await using var customer = await Reader.OpenAsync(chromium, control.Plane.Api);
        await customer.GoSignedInAsync(control, $"/properties/{property.Id}", Customer, Password);

        // Its own account switches it off, and on again.
        await customer.Button("Disable jo").ClickAsync();
        await InDialogAsync(customer, "Disable");
        await customer.SeesAsync("Disabled: visitors get 403");
        await AnswersAsync(HttpStatusCode.Forbidden);
        await customer.Button("Save origins").ClickAsync();
        // The button stands far below: what it came to is brought into view.
        await Assertions
            .Expect(customer.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "This property is currently disabled." }))
            .ToBeInViewportAsync();
        await customer.PictureAsync("property-disabled");
        await customer.Button("Enable jo").ClickAsync();
        await Assertions.Expect(customer.Button("Disable jo")).ToBeVisibleAsync();
        await AnswersAsync(HttpStatusCode.OK);

        // What the operator suspends, the account does not switch on: not even on a page that was open before.
        await customer.Button("Disable jo").ClickAsync();
        await InDialogAsync(customer, "Disable");
        await Assertions.Expect(customer.Button("Enable jo")).ToBeVisibleAsync();
        await reader.Button("Suspend jo").ClickAsync();
        await InDialogAsync(reader, "Suspend");
        await reader.SeesAsync("jo is suspended.");
        await customer.Button("Enable jo").ClickAsync();
        await customer.SeesAsync("This property is currently suspended.");
        await AnswersAsync(HttpStatusCode.Forbidden);
        await customer.GoAsync($"/properties/{property.Id}");
        await customer.SeesAsync("The operator has suspended this property");
        await reader.Button("Lift the suspension of jo").ClickAsync();
        await reader.SeesAsync("jo is no longer suspended.");
        // It is what its account had made of it, and theirs again.
        await customer.GoAsync($"/properties/{property.Id}");
        await customer.WhenLiveAsync();
        await customer.SeesAsync("Disabled: visitors get 403");
        await customer.Button("Enable jo").ClickAsync();
        await AnswersAsync(HttpStatusCode.OK);
        reader.Complaints.ShouldBeEmpty();

        Task AnswersAsync(HttpStatusCode status) => Eventually.Async(async () => (await visitor.GetAsync("/")).Status == status);
    }

    [Theory]
    [InlineData("/accounts")]
    [InlineData("/accounts/1")]
    [InlineData("/fleet")]
    public async Task Are_the_operators_alone_to_see(string path)
    {
        await using var control = await ControlHost.StartAsync();
        await AddAccountAsync(control);
        await using var customer = await Reader.OpenAsync(chromium, control.Plane.Api);
        await customer.SignInAsync(Customer, Password);

        await customer.GoAsync(path);

        await customer.SeesAsync("There is no such page");
        (await customer.Page.ContentAsync()).ShouldNotContain(control.Operator.Email);
    }

    [Fact]
    public async Task Let_a_user_change_the_own_password_and_go_on_while_others_are_signed_out()
    {
        await using var control = await ControlHost.StartAsync();
        await AddAccountAsync(control);
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await using var elsewhere = await Reader.OpenAsync(chromium, control.Plane.Api);
        await elsewhere.SignInAsync(Customer, Password);
        await reader.SignInAsync(Customer, Password);
        await reader.WhenLiveAsync();

        await reader.Link("Your password").ClickAsync();
        await ChangeAsync("a wrong guess", "another long password", "another long password");
        await reader.SeesAsync("The current password is wrong.");
        await ChangeAsync(Password, "another long password", "another longer password");
        await reader.SeesAsync("typed in two ways");
        await ChangeAsync(Password, "short", "short");
        await reader.SeesAsync("The new password must be 12 to 128 characters.");
        await reader.PictureAsync("password-refused");
        await ChangeAsync(Password, "another long password", "another long password");
        await reader.SeesAsync("Your password is changed");

        await reader.Link("Back to your properties").ClickAsync();
        await reader.SeesAsync("No property yet.");
        await elsewhere.GoAsync("/keys");
        await elsewhere.SeesAsync("Sign in to Paradarum");
        (await SignsInAsync(control, Customer, Password)).ShouldBeFalse();
        (await SignsInAsync(control, Customer, "another long password")).ShouldBeTrue();
        await reader.GoAsync("/audit");
        await reader.SeesAsync("Password changed by");
        await reader.SeesAsync("Password change refused for");
        await reader.PictureAsync("audit-password");

        async Task ChangeAsync(string current, string next, string again)
        {
            await reader.Page.GetByLabel("Current password").FillAsync(current);
            await reader.Page.GetByLabel("New password", new() { Exact = true }).FillAsync(next);
            await reader.Page.GetByLabel("New password, once more").FillAsync(again);
            await reader.Button("Change it").ClickAsync();
        }
    }

    private static Task InDialogAsync(Reader reader, string action) =>
        reader.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();

    /// <summary>The password that the page shows for them.</summary>
    private static async Task<string> ShownAsync(Reader reader, string email)
    {
        await reader.SeesAsync($"{email} can sign in");
        return await reader.Page.Locator(".copy code").InnerTextAsync();
    }

    private static async Task<long> AddAccountAsync(ControlHost control) => (
            await control.Client.PostAnswerAsync(
                "/api/account",
                new
                {
                    name = "Jo's shop",
                    email = Customer,
                    password = Password,
                }
            )
        ).Data.GetProperty("id").GetInt64();

    private static async Task<bool> SignsInAsync(ControlHost control, string email, string password)
    {
        using var client = control.NewClient(apiKey: null);
        return (await client.PostAnswerAsync("/api/auth/login", new { email, password })).Succeeded;
    }
}
