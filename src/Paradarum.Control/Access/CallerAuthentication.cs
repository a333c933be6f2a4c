using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Primitives;
using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>
/// Who asks, or 401 (contract 1.3). Runs between routing and the endpoint, so an unknown route and a wrong method have been answered before; closed by default: an
/// endpoint under <c>/api</c> lets a stranger in only when it says <c>AllowAnonymous</c>. An API key costs one SHA-256 and one look-up in memory. A key that
/// asks too often hears so here, before anything is read or done for it.
/// </summary>
internal sealed class CallerAuthentication(RequestDelegate next, KeyRing keys, KeyRates rates, SessionTokens sessions, TimeProvider time)
{
    public const string KeyHeader = "X-API-Key";

    private const string BearerScheme = "Bearer ";

    internal static readonly Refusal Required = new(
        RefusalKind.Unauthenticated,
        "Authentication required. Send a valid API key in the X-API-Key header."
    );

    internal static readonly Refusal KeyInTheWrongPlace = new(
        RefusalKind.Unauthenticated,
        "API keys go in the X-API-Key header, not in Authorization."
    );

    internal static readonly Refusal PurgeOnly = new(RefusalKind.Forbidden, "This API key may only be used to purge.");

    public Task InvokeAsync(HttpContext context)
    {
        // What routing made up itself (405) is no route endpoint and is let through to say so. Nodes prove themselves on their own port.
        if (
            context.GetEndpoint() is not RouteEndpoint endpoint
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
            || !context.Request.Path.StartsWithSegments(ApiFrame.Base, StringComparison.OrdinalIgnoreCase)
        )
            return next(context);

        // A key alone is judged when one is sent, whatever Authorization holds.
        if (context.Request.Headers.TryGetValue(KeyHeader, out var sent))
        {
            if (sent.Count != 1 || !keys.TryOpen(sent[0], time.GetUtcNow(), out var caller))
                return Required.ToAnswer().ExecuteAsync(context);
            return caller.KeyId is { } key && rates.Take(key) is { } refusal
                ? refusal.ToAnswer().ExecuteAsync(context)
                : EnterAsync(context, endpoint, caller);
        }

        return WithSessionAsync(context, endpoint, context.Request.Headers.Authorization);
    }

    private async Task WithSessionAsync(HttpContext context, RouteEndpoint endpoint, StringValues sent)
    {
        if (sent.Count != 1 || sent[0] is not { } value || !value.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase))
        {
            await Required.ToAnswer().ExecuteAsync(context);
            return;
        }

        var token = value[BearerScheme.Length..].Trim();
        if (token.StartsWith(KeyText.Start, StringComparison.Ordinal))
        {
            await KeyInTheWrongPlace.ToAnswer().ExecuteAsync(context);
            return;
        }

        var caller = await sessions.OpenAsync(token);
        await (caller is null ? Required.ToAnswer().ExecuteAsync(context) : EnterAsync(context, endpoint, caller));
    }

    private Task EnterAsync(HttpContext context, RouteEndpoint endpoint, Caller caller)
    {
        if (caller.Scope == KeyScope.Purge && endpoint.Metadata.GetMetadata<PurgeScopeAllowed>() is null)
            return PurgeOnly.ToAnswer().ExecuteAsync(context);
        if (caller is not { IsOperator: true, IsRestricted: false } && endpoint.Metadata.GetMetadata<OperatorAlone>() is { } closed)
            return new Refusal(RefusalKind.Forbidden, closed.Sentence).ToAnswer().ExecuteAsync(context);
        context.Features.Set(caller);
        return next(context);
    }
}
