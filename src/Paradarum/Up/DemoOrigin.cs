using System.Globalization;
using System.Net;

namespace Paradarum.Up;

/// <summary>
/// The origin behind <c>up</c> when no other is named: a few pages that show when they were rendered, so that a stale page is
/// seen with the naked eye. They carry no freshness: the property's cache rule decides, as with most CMS pages.
/// </summary>
internal sealed class DemoOrigin(TimeProvider time)
{
    private static readonly string[] Pages = ["/", "/news/", "/news/opening", "/about"];
    private long _renderings;

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var page in Pages)
            routes.MapMethods(page, [HttpMethods.Get, HttpMethods.Head], context => RenderAsync(context, page));
        routes.MapMethods("/site.css", [HttpMethods.Get, HttpMethods.Head], context => SendAsync(context, "text/css; charset=utf-8", Css));
        routes.MapMethods("/logo.svg", [HttpMethods.Get, HttpMethods.Head], context => SendAsync(context, "image/svg+xml", Logo));
        routes.MapFallback(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return SendAsync(
                context,
                "text/plain; charset=utf-8",
                "The demo origin has no such page. Try /, /news/, /news/opening or /about.\n"
            );
        });
    }

    private Task RenderAsync(HttpContext context, string page)
    {
        var now = time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var number = Interlocked.Increment(ref _renderings);
        var links = string.Concat(
            Pages.Select(other => $"""<a href="{other}"{(other == page ? " aria-current=\"page\"" : "")}>{other}</a> """)
        );
        var html = $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{WebUtility.HtmlEncode(page)} - Paradarum demo</title>
            <link rel="stylesheet" href="/site.css">
            </head>
            <body>
            <main>
            <img src="/logo.svg" alt="" width="56" height="56">
            <p class="lead">The origin rendered this page at</p>
            <p class="time"><time datetime="{now.Replace(' ', 'T')}Z">{now[11..]}</time></p>
            <p class="date">{now[..10]} UTC, rendering number {number}</p>
            <p>Reload: the time stands still, because a PoP answers from its store. Purge: the next visitor gets a new time.</p>
            <nav>{links}</nav>
            </main>
            </body>
            </html>

            """;
        return SendAsync(context, "text/html; charset=utf-8", html);
    }

    private static Task SendAsync(HttpContext context, string type, string body)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(body);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(bytes, 0, bytes.Length, context.RequestAborted);
    }

    private const string Css = """
        :root { color-scheme: light dark; --ink: #16202c; --paper: #f6f7f9; --card: #fff; --accent: #0b6e5f; --soft: #5b6875; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --paper: #10161d; --card: #18212b; --accent: #4fd1b5; --soft: #9aa8b5; } }
        * { box-sizing: border-box; }
        body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
          font: 17px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
        main { width: min(34rem, calc(100vw - 2rem)); padding: 2.5rem; background: var(--card); border-radius: 14px; text-align: center;
          box-shadow: 0 1px 2px rgb(0 0 0 / .08), 0 12px 32px rgb(0 0 0 / .08); }
        .lead { margin: 1rem 0 0; color: var(--soft); }
        .time { margin: 0; font-size: clamp(2.2rem, 10vw, 3.6rem); font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; color: var(--accent); }
        .date { margin: 0 0 1.5rem; color: var(--soft); font-size: .95rem; }
        nav { display: flex; gap: .5rem; justify-content: center; flex-wrap: wrap; margin-top: 1.5rem; }
        nav a { padding: .25rem .8rem; border: 1px solid currentColor; border-radius: 99px; color: var(--soft); text-decoration: none; font-size: .9rem; }
        nav a[aria-current] { color: var(--accent); }

        """;

    private const string Logo = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 56 56" fill="none" stroke="#0b6e5f" stroke-width="3">
        <circle cx="28" cy="28" r="24"/><circle cx="28" cy="28" r="6" fill="#0b6e5f"/>
        <path d="M28 22V8M33 31l12 8M23 31l-12 8"/>
        </svg>

        """;
}
