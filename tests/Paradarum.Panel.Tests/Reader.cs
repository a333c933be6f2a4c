using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

/// <summary>Someone with a browser of their own who looks at a panel.</summary>
internal sealed class Reader : IAsyncDisposable
{
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    // The rules about colours of those that run by themselves.
    private static readonly string[] Colours = ["color-contrast", "link-in-text-block"];

    private const string Judge = """
        async only => (await axe.run(document, only ? { runOnly: { type: "rule", values: only } } : {})).violations
          .flatMap(violation => violation.nodes.map(node => `${violation.id}: ${violation.help}: ${node.html} (${location.href})`))
        """;

    private readonly IBrowserContext _context;
    private readonly Uri _panel;
    private readonly List<string> _complaints = [];

    private Reader(IBrowserContext context, IPage page, Uri panel)
    {
        (_context, Page, _panel) = (context, page, panel);
        page.PageError += (_, error) => _complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _complaints.Add(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>What the browser complained about: scripts that failed, what the policy stopped, what could not be fetched.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<Reader> OpenAsync(Chromium chromium, Uri panel, bool phone = false)
    {
        var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                ViewportSize = phone ? new ViewportSize { Width = 390, Height = 844 } : new ViewportSize { Width = 1280, Height = 860 },
                ColorScheme = ColorScheme.Light,
                ReducedMotion = ReducedMotion.Reduce,
                // A test's certificate is of an authority that no browser knows.
                IgnoreHTTPSErrors = true,
            }
        );
        context.SetDefaultTimeout(20_000);
        return new Reader(context, await context.NewPageAsync(), panel);
    }

    public Task GoAsync(string path) => Page.GotoAsync(new Uri(_panel, path).ToString());

    public async Task SignInAsync(string email, string password)
    {
        await GoAsync("/");
        await Page.GetByLabel("E-mail address").FillAsync(email);
        await Page.GetByLabel("Password").FillAsync(password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(Page).ToHaveURLAsync(new Uri(_panel, "/").ToString());
    }

    /// <summary>
    /// Opens a page with the session of a sign-in over the API, which is the cookie that the panel sets: for tests that are about something else than signing in. Completes
    /// when the page is live.
    /// </summary>
    public async Task GoSignedInAsync(ControlHost control, string path, string? email = null, string? password = null)
    {
        using var client = control.NewClient(apiKey: null);
        var login = await client.PostAnswerAsync(
            "/api/auth/login",
            new { email = email ?? control.Operator.Email, password = password ?? control.Operator.Password }
        );
        var token = login.Data.GetProperty("token").GetString()!;
        await _context.AddCookiesAsync([
            new Cookie
            {
                Name = "paradarum",
                Value = token,
                Url = _panel.ToString(),
            },
        ]);
        await GoAsync(path);
        await WhenLiveAsync();
    }

    public Task SignInAsync(ControlHost control) => SignInAsync(control.Operator.Email, control.Operator.Password);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public Task SeesAsync(string text) => Assertions.Expect(Page.GetByText(text).First).ToBeVisibleAsync(new() { Timeout = 20_000 });

    /// <summary>
    /// Completes when the address of the page holds this. Looks again and again: a wait for a navigation may begin just after it, and then it waits for the next one.
    /// </summary>
    public Task ArrivesAsync(string part) =>
        Page.WaitForFunctionAsync("part => location.pathname.includes(part)", part, new() { Timeout = 20_000 });

    /// <summary>Completes when the page answers to clicks: its socket is open.</summary>
    public Task WhenLiveAsync() => Page.Locator("main[data-live]").WaitForAsync();

    /// <summary>Kept with the test results, for people to look at.</summary>
    public async Task PictureAsync(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(SourceTree.Root, "TestResults", "panel")).FullName;
        // What stays in place while one scrolls is drawn where the window is.
        await Page.EvaluateAsync("scrollTo(0, 0)");
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
    }

    /// <summary>All of axe's automated rules, best practices included; one line for each place that breaks one.</summary>
    /// <param name="coloursOnly">The rules about colours alone: where the same page is looked at in other colours.</param>
    public async Task<IReadOnlyList<string>> BarriersAsync(bool coloursOnly = false)
    {
        // In this very page: it has no frames, and a page of axe's own for each result takes longer than the rules.
        if (await Page.EvaluateAsync<bool>("!globalThis.axe"))
            await Page.EvaluateAsync(Axe);
        return await Page.EvaluateAsync<string[]>(Judge, coloursOnly ? Colours : null);
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
