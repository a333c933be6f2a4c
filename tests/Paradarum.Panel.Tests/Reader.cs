using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

/// <summary>Someone with a browser of their own who looks at a panel.</summary>
internal sealed class Reader : IAsyncDisposable
{
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
        await Page.WaitForURLAsync(new Uri(_panel, "/").ToString());
    }

    public Task SignInAsync(ControlHost control) => SignInAsync(control.Operator.Email, control.Operator.Password);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public Task SeesAsync(string text) => Assertions.Expect(Page.GetByText(text).First).ToBeVisibleAsync(new() { Timeout = 20_000 });

    /// <summary>Completes when the page answers to clicks: its socket is open.</summary>
    public Task WhenLiveAsync() => Page.Locator("main[data-live]").WaitForAsync();

    /// <summary>Kept with the test results, for people to look at.</summary>
    public Task PictureAsync(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(SourceTree.Root, "TestResults", "panel")).FullName;
        return Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
    }

    /// <summary>All of axe's automated rules, best practices included; one line for each place that breaks one.</summary>
    public async Task<IReadOnlyList<string>> BarriersAsync()
    {
        AxeResult result = await Page.RunAxe();
        return
        [
            .. result.Violations.SelectMany(violation =>
                violation.Nodes.Select(node => $"{violation.Id}: {violation.Help}: {node.Html} ({Page.Url})")
            ),
        ];
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
