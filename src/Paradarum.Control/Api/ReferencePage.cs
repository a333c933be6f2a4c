using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace Paradarum.Control.Api;

/// <summary>
/// The API's reference at <c>/docs</c>: Scalar, showing the document that this very control plane serves. All of it comes from here and no script stands in the page, so
/// that it runs under a policy which allows scripts from here alone; nothing is asked of anyone else's server.
/// </summary>
internal static class ReferencePage
{
    private const string Base = "/docs";

    // Scalar sets styles from its script, and draws with data: images; requests go to this API alone.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    private const string Page = """
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>Paradarum API</title>
          <link rel="icon" href="data:,">
        </head>
        <body>
          <div id="app"></div>
          <script src="/docs/scalar.js"></script>
          <script src="/docs/start.js"></script>
        </body>
        </html>
        """;

    private const string Start = """
        Scalar.createApiReference('#app', {
          url: '/swagger/v1/swagger.json',
          withDefaultFonts: false,
          telemetry: false,
          showDeveloperTools: 'never',
          hideClientButton: true,
          agent: { disabled: true },
          mcp: { disabled: true },
          authentication: { preferredSecurityScheme: 'ApiKeyAuth' }
        })
        """;

    public static void MapReferencePage(this IEndpointRouteBuilder routes)
    {
        // Scalar's own page has a script in it; this one stands before it, and takes from Scalar what it loads.
        routes.MapScalarApiReference(Base);
        routes.MapGet(Base, context => Write(context, "text/html; charset=utf-8", Page)).ExcludeFromDescription();
        routes.MapGet(Base + "/start.js", context => Write(context, "text/javascript; charset=utf-8", Start)).ExcludeFromDescription();
    }

    private static Task Write(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        context.Response.Headers[HeaderNames.ContentSecurityPolicy] = Policy;
        context.Response.Headers[HeaderNames.XContentTypeOptions] = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
