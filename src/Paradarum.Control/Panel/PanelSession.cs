using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components.Authorization;
using Paradarum.Control.Access;
using Paradarum.Control.Audit;

namespace Paradarum.Control.Panel;

/// <summary>
/// Who looks at the panel. A sign-in is the API's own session token in a cookie that scripts can't read; it is opened anew at every request and every action of a page, so
/// that a user who is gone, or a session that is over, ends at once although the page is still open.
/// </summary>
internal sealed class PanelSession(AuthenticationStateProvider state, SessionTokens tokens)
{
    private const string TokenClaim = "paradarum/session";

    // Where the page was opened from: what is done on it comes over its socket, which is no request of its own.
    private const string AddressClaim = "paradarum/address";
    private const string RequestClaim = "paradarum/request";

    /// <summary>Over TLS the browser itself refuses a cookie of this name from anyone but this very host, neighbouring hostnames included.</summary>
    private const string SecureCookie = "__Host-paradarum";
    private const string PlainCookie = "paradarum";

    /// <summary>Null when the session is over.</summary>
    public async Task<Caller?> CallerAsync()
    {
        var user = (await state.GetAuthenticationStateAsync()).User;
        if (user.FindFirstValue(TokenClaim) is not { } token || await tokens.OpenAsync(token) is not { } caller)
            return null;
        var source = new RequestSource(user.FindFirstValue(AddressClaim) ?? "", user.FindFirstValue(RequestClaim) ?? "");
        return caller with { Source = source };
    }

    /// <summary>The principal of a request; null without a session that is still good.</summary>
    public static async Task<ClaimsPrincipal?> OpenAsync(HttpRequest request, SessionTokens tokens)
    {
        if (request.Cookies[CookieOf(request)] is not { Length: > 0 } token || await tokens.OpenAsync(token) is not { } caller)
            return null;
        // The name binds forms to the user (antiforgery); the token never leaves the server again but in its cookie.
        var source = RequestSource.Of(request.HttpContext);
        // The request's own facts are of an identity of their own, which proves nothing: a form's token holds for all requests of the other one.
        return new ClaimsPrincipal([
            new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.Name), new Claim(TokenClaim, token)], "panel"),
            new ClaimsIdentity([new Claim(AddressClaim, source.Address), new Claim(RequestClaim, source.RequestId)]),
        ]);
    }

    public static void Start(HttpContext context, Session session) =>
        context.Response.Cookies.Append(CookieOf(context.Request), session.Token, Cookie(context.Request, session.ExpiresAt));

    /// <summary>Forgets the cookie. The token itself runs out by its time.</summary>
    public static async Task<IResult> SignOut(HttpContext context, IAntiforgery antiforgery)
    {
        // Over already: the form's token was for who it was then.
        if (context.User.Identity is not { IsAuthenticated: true })
            return Results.LocalRedirect("/sign-in");
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.BadRequest();
        context.Response.Cookies.Delete(CookieOf(context.Request), Cookie(context.Request, expires: null));
        return Results.LocalRedirect("/sign-in");
    }

    private static string CookieOf(HttpRequest request) => request.IsHttps ? SecureCookie : PlainCookie;

    /// <summary>Lax and not strict: who follows a link to a receipt is signed in. What changes something is a form with a token, or the page's own socket.</summary>
    private static CookieOptions Cookie(HttpRequest request, DateTimeOffset? expires) =>
        new()
        {
            HttpOnly = true,
            Secure = request.IsHttps,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            Expires = expires,
            IsEssential = true,
        };
}
