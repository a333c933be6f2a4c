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
    UpstreamPlaces places,
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
            using var place = await places.TakeAsync(visit.Property.Id, upstream, context.RequestAborted);
            if (place is null)
            {
                failure = FetchFailure.Overloaded;
                continue;
            }
            var relay = new Relay(requests, answers, board, state, visit, decision, snapshot, upstream);
            var error = await forwarder.SendAsync(
                context,
                upstream.Base,
                client.InvokerFor(upstream),
                Config(upstream, context.Request),
                relay
            );
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
            if (!AsksTheNext(failure, upstream, context.Request))
                break;
            context.Response.Clear();
        }
        context.Response.Clear();
        await answers.FailedAsync(visit, failure, decision.Forward);
    }

    /// <summary>
    /// Nothing was sent yet, or what was sent may be made again: an idempotent method without a body, whose connection broke before a head (RFC 9110 section 9.2.2). Once a
    /// byte of a body is gone, the request cannot be made again.
    /// </summary>
    private static bool AsksTheNext(FetchFailure failure, Upstream upstream, HttpRequest request) =>
        failure switch
        {
            FetchFailure.CannotConnect or FetchFailure.Refused => true,
            FetchFailure.BrokenHead => IsRepeatable(request),
            _ => upstream.IsShield && IsRepeatable(request),
        };

    private static bool IsRepeatable(HttpRequest request) =>
        IsIdempotent(request.Method) && request.ContentLength is null or 0 && request.Headers.TransferEncoding.Count == 0;

    private static bool IsIdempotent(string method) =>
        !Invalidation.IsUnsafe(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method);

    private static FetchFailure Read(ForwarderError error, HttpContext context) =>
        error switch
        {
            ForwarderError.RequestTimedOut => FetchFailure.HeadTimeOut,
            ForwarderError.Request when context.Features.Get<IForwarderErrorFeature>()?.Exception is HttpRequestException e =>
                UpstreamClient.FailureOf(e),
            _ => FetchFailure.BrokenHead,
        };

    /// <summary>What is upgraded is silent for as long as a body may be: those who need longer send pings.</summary>
    private ForwarderRequestConfig Config(Upstream upstream, HttpRequest request) =>
        new()
        {
            ActivityTimeout =
                request.Headers.Upgrade.Count > 0 ? options.BodyIdleAfter
                : upstream.IsShield ? options.ShieldHeadAfter
                : options.OriginHeadAfter,
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
}
