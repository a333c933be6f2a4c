using System.Net;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Paradarum.Control;
using Paradarum.Control.Access;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

public sealed partial class Signing_in(Chromium chromium, SharedControl shared) : IClassFixture<SharedControl>
{
    [Fact]
    public async Task Opens_the_properties_and_a_sign_out_closes_them()
    {
        var control = shared.Control;
        await control.AddPropertyAsync("my-shop");
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);

        await reader.SignInAsync(control);
        await reader.SeesAsync("my-shop");
        await reader.PictureAsync("properties");
        await reader.Button("Sign out").ClickAsync();
        await reader.SeesAsync("Sign in to Paradarum");
        await reader.GoAsync("/");
        await reader.SeesAsync("Sign in to Paradarum");
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task With_a_wrong_password_says_so_and_keeps_the_address()
    {
        var control = shared.Control;
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);

        await reader.GoAsync("/");
        await reader.Page.GetByLabel("E-mail address").FillAsync("admin@localhost");
        await reader.Page.GetByLabel("Password").FillAsync("no");
        await reader.Button("Sign in").ClickAsync();

        await reader.SeesAsync("Invalid email or password.");
        (await reader.Page.GetByLabel("E-mail address").InputValueAsync()).ShouldBe("admin@localhost");
        await reader.PictureAsync("sign-in-refused");
    }

    [Theory]
    [InlineData("//elsewhere.example/")]
    [InlineData("/\\elsewhere.example/")]
    [InlineData("https://elsewhere.example/")]
    public async Task Leads_to_no_other_site(string back)
    {
        var control = shared.Control;
        using var client = Plain(control);

        var answer = await SignInAsync(client, control, $"/sign-in?return={Uri.EscapeDataString(back)}");

        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        new Uri(control.Plane.Api, answer.Headers.Location!).ShouldBe(control.Plane.Api);
    }

    [Fact]
    public async Task Sets_a_cookie_that_no_script_reads_and_no_other_site_sends()
    {
        var control = shared.Control;
        using var client = Plain(control);

        var answer = await SignInAsync(client, control, "/sign-in");

        var cookie = answer.Headers.GetValues("Set-Cookie").Single(line => line.StartsWith("paradarum=", StringComparison.Ordinal));
        cookie.ShouldContain("; httponly", Case.Insensitive);
        cookie.ShouldContain("; samesite=lax", Case.Insensitive);
    }

    [Fact]
    public async Task Over_TLS_keeps_its_cookie_to_TLS_and_to_this_very_host()
    {
        using var folder = new TemporaryFolder();
        using var authority = new TestAuthority();
        await using var control = await ControlHost.StartAsync(configure: options =>
            options with
            {
                Certificate = OwnFiles.Write(folder, authority.Issue("localhost")),
            }
        );
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);

        await reader.SignInAsync(control);
        await reader.WhenLiveAsync();

        // The prefix is what makes browsers refuse one that a neighbouring hostname sets.
        var cookie = (await reader.Page.Context.CookiesAsync()).Single(cookie => cookie.Name == "__Host-paradarum");
        (cookie.Secure, cookie.HttpOnly, cookie.SameSite, cookie.Path).ShouldBe((true, true, SameSiteAttribute.Lax, "/"));
        reader.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Needs_the_token_of_its_form()
    {
        var control = shared.Control;
        using var client = Plain(control);

        var answer = await client.PostAsync(
            "/sign-in",
            new FormUrlEncodedContent([
                new("_handler", "sign-in"),
                new("Email", control.Operator.Email),
                new("Password", control.Operator.Password),
            ])
        );

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/")]
    [InlineData("/not-there")]
    [InlineData("/_blazor/negotiate")]
    public async Task And_every_page_may_run_its_own_scripts_only_and_be_framed_by_nobody(string path)
    {
        var control = shared.Control;
        using var client = Plain(control);

        var answer = path.Contains("negotiate", StringComparison.Ordinal)
            ? await client.PostAsync(path, null)
            : await client.GetAsync(path);

        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldContain("script-src 'self';");
        policy.ShouldContain("frame-ancestors 'none'");
    }

    [Fact]
    public async Task Is_asked_of_a_socket_too()
    {
        var control = shared.Control;
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;

        await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(SocketOf(control), CancellationToken.None));

        socket.HttpStatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Opens_no_socket_to_a_page_of_another_site()
    {
        var control = shared.Control;
        using var client = Plain(control);
        var cookie = (await SignInAsync(client, control, "/sign-in")).Headers.GetValues("Set-Cookie").Select(line => line.Split(';')[0]);
        using var ours = Socket(control.Plane.Api.GetLeftPart(UriPartial.Authority));
        using var foreign = Socket("http://shop.cdn.localhost");

        await ours.ConnectAsync(SocketOf(control), CancellationToken.None);
        await Should.ThrowAsync<WebSocketException>(() => foreign.ConnectAsync(SocketOf(control), CancellationToken.None));

        ours.State.ShouldBe(WebSocketState.Open);
        foreign.HttpStatusCode.ShouldBe(HttpStatusCode.Forbidden);

        ClientWebSocket Socket(string origin)
        {
            var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("Cookie", string.Join("; ", cookie));
            socket.Options.SetRequestHeader("Origin", origin);
            return socket;
        }
    }

    [Fact]
    public async Task Ends_on_a_page_that_is_still_open_too()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var control = await ControlHost.StartAsync(surroundings: new ControlPlaneSurroundings { Time = time });
        await using var reader = await Reader.OpenAsync(chromium, control.Plane.Api);
        await reader.SignInAsync(control);
        await reader.GoAsync("/keys");
        await reader.WhenLiveAsync();
        await reader.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("too late");

        time.Advance(SessionTokens.Lifetime);
        await reader.Button("Make the key").ClickAsync();

        await reader.SeesAsync("Sign in to Paradarum");
        (await control.Client.GetAnswerAsync("/api/account/apikeys")).Data.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Outlives_a_restart_of_the_control_plane()
    {
        using var folder = new TemporaryFolder();
        using var browser = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(browser);
        await using var before = await ControlHost.StartAsync(folder.Path);
        var form = await FormAsync(client, before, "/sign-in");
        var known = before.Operator;
        await before.DisposeAsync();
        await using var after = await ControlHost.StartAsync(folder.Path, known: known);

        var answer = await client.PostAsync(new Uri(after.Plane.Api, "/sign-in"), form);

        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
    }

    [Theory]
    [InlineData("GET", "/api/nothing", 404)]
    [InlineData("GET", "/api/auth/login", 405)]
    [InlineData("GET", "/api/property", 401)]
    [InlineData("GET", "/API/property/x/y/z", 404)]
    public async Task Leaves_the_API_its_own_answers(string method, string path, int status)
    {
        var control = shared.Control;
        using var client = Plain(control);

        var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
    }

    private static HttpClient Plain(ControlHost control) =>
        new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = control.Plane.Api };

    private static Uri SocketOf(ControlHost control) => new UriBuilder(new Uri(control.Plane.Api, "/_blazor")) { Scheme = "ws" }.Uri;

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient client, ControlHost control, string path) =>
        await client.PostAsync(new Uri(control.Plane.Api, path), await FormAsync(client, control, path));

    /// <summary>The form of the sign-in page, filled in.</summary>
    private static async Task<FormUrlEncodedContent> FormAsync(HttpClient client, ControlHost control, string path)
    {
        var page = await client.GetStringAsync(new Uri(control.Plane.Api, path));
        return new FormUrlEncodedContent([
            new("_handler", "sign-in"),
            new("__RequestVerificationToken", FormToken().Match(page).Groups["token"].Value),
            new("Email", control.Operator.Email),
            new("Password", control.Operator.Password),
        ]);
    }

    [GeneratedRegex(
        "name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex FormToken();
}
