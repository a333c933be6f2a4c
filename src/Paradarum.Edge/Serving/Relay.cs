using System.Globalization;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;
using Yarp.ReverseProxy.Forwarder;

namespace Paradarum.Edge.Serving;

/// <summary>One attempt to pass one request through to one upstream: what goes there, what comes back, and what an unsafe method invalidates on the way.</summary>
internal sealed class Relay(
    UpstreamRequest requests,
    Answers answers,
    FlightBoard board,
    NodeState state,
    HttpVisit visit,
    Decision decision,
    NodeSnapshot snapshot,
    Upstream upstream
) : HttpTransformer
{
    /// <summary>A shield would not answer: nothing of its response was relayed.</summary>
    public bool IsRefused { get; private set; }

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext,
        HttpRequestMessage proxyRequest,
        string destinationPrefix,
        CancellationToken cancellationToken
    )
    {
        var request = httpContext.Request;
        proxyRequest.RequestUri = UpstreamClient.Address(upstream, visit.Target.PathAndQuery);
        foreach (var (name, value) in request.Headers)
        {
            if (!HeaderRules.GoesUpstream(name, request.Headers.Connection, visit.Tier is not null))
                continue;
            if (!proxyRequest.Headers.TryAddWithoutValidation(name, value.AsEnumerable()))
                proxyRequest.Content?.Headers.TryAddWithoutValidation(name, value.AsEnumerable());
        }
        var remote = httpContext.Connection.RemoteIpAddress?.ToString() ?? "";
        requests.AddOwn(proxyRequest, upstream, visit.Key.Host, visit.Key.Scheme, remote, request.Protocol, visit.Tier is not null);
        proxyRequest.Headers.TryAddWithoutValidation(RequestId.Field, visit.Id);
        if (!upstream.IsShield)
            return ValueTask.CompletedTask;
        var promised = Math.Max(visit.Promised, visit.Tier?.LastPurge ?? 0);
        requests.Seal(
            proxyRequest,
            snapshot,
            visit.Property.Id,
            visit.Key.Host,
            visit.Target.PathAndQuery,
            visit.Key.Scheme,
            visit.NeedsConfirmation,
            promised
        );
        // A shield that refuses does so before it reads the body, which then can still go elsewhere.
        if (proxyRequest.Content is not null)
            proxyRequest.Headers.ExpectContinue = true;
        return ValueTask.CompletedTask;
    }

    public override ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext,
        HttpResponseMessage? proxyResponse,
        CancellationToken cancellationToken
    )
    {
        if (proxyResponse is null)
            return ValueTask.FromResult(false);
        if (upstream.IsShield && proxyResponse.Headers.NonValidated.Contains(TierSeal.Refused))
        {
            IsRefused = true;
            return ValueTask.FromResult(false);
        }

        var status = (int)proxyResponse.StatusCode;
        IHeaderDictionary received = HeaderRules.Received(proxyResponse);
        if (Invalidation.IsUnsafe(httpContext.Request.Method))
            Invalidate(status, received);
        else if (HttpMethods.IsGet(httpContext.Request.Method))
            NoteShareable(status, received);
        else if (HttpMethods.IsHead(httpContext.Request.Method) && status == StatusCodes.Status200OK && decision.Forward == Forward.Request)
            DropContradicted(received);
        foreach (var (name, value) in received)
            httpContext.Response.Headers[name] = value;
        answers.AddOwn(visit, decision with { ForwardStatus = status });
        return ValueTask.FromResult(true);
    }

    /// <summary>What could be shared from here on is fetched for all again.</summary>
    private void NoteShareable(int status, IHeaderDictionary received)
    {
        var control = CacheControl.OfResponse(received);
        if (
            StoreRules.Judge("GET", visit.Headers, status, received, control, visit.RuleTtl) == StoreVerdict.Stored
            && !Deception.IsLikely(visit.Target.Path, received)
        )
            board.MarkShareable(visit.Shared);
    }

    /// <summary>
    /// A HEAD that went upstream for its conditions tells of the very response that a GET has stored (RFC 9111 §4.3.5). Where it contradicts it, that one goes. Not a
    /// HEAD that went there for its cookies: what it tells of is somebody's own.
    /// </summary>
    private void DropContradicted(IHeaderDictionary received)
    {
        foreach (var variant in state.Index.Find(visit.Property.Id, visit.Key) is { } resource ? resource.Variants : default)
        {
            var entry = (StoredResponse)variant;
            if (entry.Vary.Matches(visit.Headers) && Invalidation.Contradicts(entry.Headers, entry.Body.Length, received))
                state.Index.Remove(entry);
        }
    }

    /// <summary>
    /// Takes out of the store what an unsafe method changed: the target and what Location and Content-Location name on the same host (RFC 9111 §4.4), in both
    /// schemes; and the groups that the answer names (RFC 9875 §3), in the whole property. Never another property's.
    /// </summary>
    private void Invalidate(int status, IHeaderDictionary received)
    {
        state.Index.InvalidateGroups(visit.Property.Id, CacheGroups.Of(received[CacheGroups.InvalidationField]));
        if (!Invalidation.IsSuccess(status))
            return;
        Invalidate(visit.Target);
        var target = new Uri(
            string.Create(CultureInfo.InvariantCulture, $"{visit.Key.Scheme}://{visit.Key.Host}{visit.Target.PathAndQuery}")
        );
        foreach (var other in Invalidation.Others(target, received))
        {
            if (
                CanonicalHost.Parse(other.Authority, other.Scheme).Ok(out var host, out _)
                && string.Equals(host.Host, visit.Key.Host, StringComparison.Ordinal)
                && CanonicalTarget.Parse(other.PathAndQuery).Ok(out var named, out _)
            )
            {
                Invalidate(named);
            }
        }
    }

    /// <summary>In both schemes and whatever else is in the key; where a rule could not be told, everything under the path.</summary>
    private void Invalidate(CanonicalTarget target)
    {
        var keyed = CacheRuleSet.Of(visit.Property.Configuration).Keyed(target);
        state.Index.Invalidate(visit.Property.Id, visit.Key.Host, target.Path, keyed);
    }
}
