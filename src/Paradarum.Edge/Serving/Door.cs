using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving.Tls;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Serving;

/// <summary>Reads a request into a <see cref="Visit"/>, or refuses it with a status and a sentence. Everything a request may decide by is read here, once.</summary>
internal sealed class Door(
    EdgeOptions options,
    NodeState state,
    LeaseHolder lease,
    FleetDirectory fleet,
    FlightBoard board,
    UpstreamRequest requests,
    RequestFlow flow,
    Promises promises,
    Answers answers,
    TimeProvider time
)
{
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            HeaderRules.DropListed(context.Request.Headers);
            // The point in the node's order of fetches stays that of the arrival, however long the request is held.
            var arrivedAfter = board.Mark;
            var (visit, refusal) = Read(context, arrivedAfter);
            if (visit is { BehindPromise: true })
            {
                await promises.HoldAsync(visit);
                (visit, refusal) = Read(context, arrivedAfter);
            }
            if (visit is not null && ToHttps.Location(visit, options) is { } location)
            {
                await ToHttps.SendAsync(visit, location, answers);
            }
            else if (visit is not null)
            {
                await flow.AnswerAsync(visit);
                answers.Over(visit);
            }
            else
                await RefuseAsync(context, refusal!);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The visitor left; there is nobody to answer.
        }
    }

    /// <summary>
    /// A WebSocket of HTTP/2 (RFC 8441: an extended CONNECT, which Kestrel offers on every connection) is read as the GET with an upgrade that it is in HTTP/1.1 and goes
    /// upstream as. Every other CONNECT is one.
    /// </summary>
    private static bool TryReadWebSocket(HttpContext context)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true, Protocol: "websocket" })
            return false;
        context.Request.Method = HttpMethods.Get;
        context.Request.Headers.Upgrade = "websocket";
        return true;
    }

    private Task RefuseAsync(HttpContext context, DoorRefusal refusal)
    {
        if (refusal.ToPop is not null)
            context.Response.Headers[TierSeal.Refused] = refusal.ToPop;
        return answers.RefuseAsync(context, refusal.Status, refusal.Sentence);
    }

    private (HttpVisit? Visit, DoorRefusal? Refusal) Read(HttpContext context, long arrivedAfter)
    {
        var request = context.Request;
        // 1. The snapshot: what is decided below is decided as of now (G2).
        var snapshot = state.Current;

        // 2. What cannot be served whatever it names.
        if (HttpMethods.IsConnect(request.Method) && !TryReadWebSocket(context))
            return (null, new(StatusCodes.Status501NotImplemented, "This node is no tunnel: CONNECT is not supported."));
        if (requests.Loops(request.Headers))
            return (null, new(StatusCodes.Status508LoopDetected, "Loop detected: this request has passed this node before."));

        // 3. Host and target in canonical form, from the raw target: Request.Path is decoded already.
        if (!ReadTarget(context, out var host, out var target, out var refusal))
            return (null, refusal);

        // On a connection that was opened for another host: only where its certificate is this one's too.
        if (IsMisdirected(context, host))
            return (null, DoorRefusal.Misdirected);

        // 4. On a shield: only the PoPs of this fleet.
        TierRequest? tier = null;
        if (options.Role == EdgeRole.Shield)
        {
            tier = TierSeal.Read(
                fleet.Current.FleetKey.Span,
                request.Method,
                host,
                target.PathAndQuery,
                request.Headers[TierSeal.Facts] is [var facts] ? facts : null,
                request.Headers[TierSeal.Seal] is [var seal] ? seal : null
            );
            if (tier is null)
                return (null, DoorRefusal.NotOfThisFleet);
        }

        // 5. Whose it is, and whether a shield may answer it at all.
        if (Entrance.Refuses(snapshot, host, tier, out var view, out var property) is { } refused)
            return (null, refused);

        var scheme = tier?.Scheme ?? request.Scheme;
        var rules = CacheRuleSet.Of(property.Configuration);
        var rule = rules.For(target.Path);
        var visit = new HttpVisit(context)
        {
            Snapshot = snapshot,
            Property = property,
            Target = target,
            Key = new CacheKey(view.Scope(scheme, rule is null ? "" : KeyedParts.Of(rule.Key, request.Headers)), rules.Keyed(target, rule)),
            Lease = lease.State,
            Now = time.GetUtcNow(),
            Control = options.VisitorsDirectCache ? RequestControl(request.Headers) : default,
            Rule = rule,
            Tier = tier,
            GivenId = tier is not null || options.TrustsRequestIds ? RequestId.Read(request.Headers) : null,
            ArrivedAfter = arrivedAfter,
            Promised = options.Role == EdgeRole.Pop ? promises.Read(request.Headers, snapshot, property.Id) : 0,
        };
        return (visit, null);
    }

    private static bool ReadTarget(HttpContext context, out string host, out CanonicalTarget target, out DoorRefusal? refusal)
    {
        (host, target, refusal) = ("", default, null);
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var authority = context.Request.Headers.Host is [{ } single] ? single : context.Request.Host.Value ?? "";
        // Absolute form (RFC 9112 §3.2.2): its authority replaces Host.
        if (raw.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || raw.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            var start = raw.IndexOf("://", StringComparison.Ordinal) + 3;
            var end = raw.AsSpan(start).IndexOfAny("/?") is var slash and >= 0 ? start + slash : raw.Length;
            authority = raw[start..end];
            raw = end == raw.Length || raw[end] == '?' ? "/" + raw[end..] : raw[end..];
        }
        if (!CanonicalHost.Parse(authority, context.Request.Scheme).Ok(out var parsed, out _))
        {
            refusal = new(StatusCodes.Status400BadRequest, "The Host header is missing or no host name.");
            return false;
        }
        if (!raw.StartsWith('/'))
        {
            refusal = new(StatusCodes.Status400BadRequest, "The request target must be a path.");
            return false;
        }
        if (!CanonicalTarget.Parse(raw).Ok(out var canonical, out var why))
        {
            refusal = new(StatusCodes.Status400BadRequest, why.Message);
            return false;
        }
        (host, target) = (parsed.Host, canonical);
        return true;
    }

    /// <summary>A shield is connected to by its own name and asked for those of visitors.</summary>
    private bool IsMisdirected(HttpContext context, string host) =>
        options.Role == EdgeRole.Pop && context.Request.IsHttps && context.Features.Get<TlsConnection>()?.IsFor(host) == false;

    /// <summary>Cache-Control, or Pragma where there is none (RFC 9111 §5.4).</summary>
    private static CacheControl RequestControl(IHeaderDictionary headers) =>
        CacheControl.Parse(headers.CacheControl.Count == 0 ? headers.Pragma : headers.CacheControl);
}
