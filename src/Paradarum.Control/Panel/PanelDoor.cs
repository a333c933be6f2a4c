using Microsoft.AspNetCore.Authorization;
using Paradarum.Control.Access;

namespace Paradarum.Control.Panel;

/// <summary>
/// Stands before everything of the panel: says what a browser may do with its pages, turns away what other sites send, and finds out who looks. Whoever is not signed in
/// gets to the sign-in page and nowhere else.
/// </summary>
internal sealed class PanelDoor(RequestDelegate next, SessionTokens tokens)
{
    /// <summary>Styles may stand in pages: MudBlazor places its pop-ups with them. Scripts may not, ever.</summary>
    internal const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<PanelPart>() is null)
        {
            await next(context);
            return;
        }

        Describe(context.Response.Headers);
        if (IsOfAnotherSite(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync("The panel answers its own pages only.\n");
            return;
        }
        if (await PanelSession.OpenAsync(context.Request, tokens) is { } user)
            context.User = user;
        else if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
        {
            Refuse(context);
            return;
        }
        await next(context);
    }

    /// <summary>
    /// A socket, or a form, that a page of another site opens with this browser's cookie. Cookies alone do not stop it: a hostname that the CDN itself serves may be of the
    /// same site as the panel.
    /// </summary>
    private static bool IsOfAnotherSite(HttpRequest request) =>
        request.Headers.Origin is [var origin]
        && !(
            Uri.TryCreate(origin, UriKind.Absolute, out var from)
            && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase)
        );

    private static void Refuse(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method) || request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }
        var back = request.Path == "/" ? "" : QueryString.Create("return", request.Path + request.QueryString).Value;
        context.Response.Redirect($"/sign-in{back}");
    }

    private static void Describe(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }
}
