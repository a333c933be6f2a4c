using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Yarp.ReverseProxy.Forwarder;

namespace Paradarum.Edge.Serving;

/// <summary>
/// Forwards a request as it is, upgrades included, and relays the answer without storing it. Ends when the visitor leaves. An unsafe method invalidates
/// what it changed before its answer is relayed (RFC 9111 §4.4).
/// </summary>
internal sealed class PassThrough(
    EdgeOptions options,
    NodeState state,
    FlightBoard board,
    UpstreamChoice choice,
    UpstreamRequest requests,
    UpstreamClient client,
    Answers answers,
    IHttpForwarder forwarder
)
{
    public async Task SendAsync(HttpVisit visit, Decision decision)
    {
        var context = visit.Context;
        // A fetch of its own for G4: the facts are those of the snapshot of now.
        var snapshot = state.Current;
        if (!snapshot.Properties.TryGetValue(visit.Property.Id, out var property))
        {
            await answers.FailedAsync(visit, FetchFailure.NoOrigin, decision.Forward);
            return;
        }

        var failure = FetchFailure.NoOrigin;
        foreach (var upstream in choice.For(property, visit.Key.Host))
        {
            var relay = new Relay(requests, answers, board, state, visit, decision, snapshot, upstream);
            var error = await forwarder.SendAsync(context, upstream.Base, client.InvokerFor(upstream), Config(upstream), relay);
            if (relay.IsRefused)
                failure = FetchFailure.Refused;
            else if (error == ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
                return;
            else if (error == ForwarderError.RequestBodyClient)
            {
                context.Response.Clear();
                await answers.RefuseAsync(context, StatusCodes.Status400BadRequest, "The request body could not be read.");
                return;
            }
            else
                failure = Read(error, context);
            if (upstream.Shield is { } shield && failure is (FetchFailure.CannotConnect or FetchFailure.HeadTimeOut))
                choice.Rest(shield);
            // Once a byte of the body is gone, the request cannot be made again; nor is one that an origin may have acted on.
            if (
                failure is not (FetchFailure.CannotConnect or FetchFailure.Refused)
                && !(upstream.IsShield && IsRepeatable(context.Request))
            )
                break;
            context.Response.Clear();
        }
        context.Response.Clear();
        await answers.FailedAsync(visit, failure, decision.Forward);
    }

    private static bool IsRepeatable(HttpRequest request) =>
        !Invalidation.IsUnsafe(request.Method) && request.ContentLength is null or 0 && request.Headers.TransferEncoding.Count == 0;

    private static FetchFailure Read(ForwarderError error, HttpContext context) =>
        error switch
        {
            ForwarderError.RequestTimedOut => FetchFailure.HeadTimeOut,
            ForwarderError.Request
                when context.Features.Get<IForwarderErrorFeature>()?.Exception is HttpRequestException e
                    && UpstreamClient.IsConnectFailure(e) => FetchFailure.CannotConnect,
            _ => FetchFailure.BrokenHead,
        };

    private ForwarderRequestConfig Config(Upstream upstream) =>
        new()
        {
            ActivityTimeout = upstream.IsShield ? options.ShieldHeadAfter : options.OriginHeadAfter,
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
}
