using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Serving.Tls;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Writes answers: from the store, from a fetch while it arrives, and the node's own refusals.</summary>
internal sealed class Answers(UpstreamRequest requests, EdgeOptions options, Traffic traffic)
{
    public const string XCache = "X-Cache";
    public const string CacheStatus = "Cache-Status";

    private readonly bool _namesEveryRequest = options.NamesEveryRequest;
    private readonly string _via = requests.ViaMember("HTTP/1.1");
    private readonly SecondsText _age = new("");
    private readonly SecondsText _hit = new($"{requests.NodeName}; hit; ttl=");

    public async Task FromStoreAsync(HttpVisit visit, StoredResponse entry, Decision decision)
    {
        var response = visit.Context.Response;
        WriteStoredHead(visit, entry, decision);
        if (Validators.VisitorHolds(visit.Headers, entry.Status, entry.Headers))
        {
            NotModified(response);
            return;
        }

        var body = entry.Body;
        var count = body.Length;
        if (
            visit.Headers.Range.Count > 0
            && HttpMethods.IsGet(visit.Method)
            && ByteRanges.Select(visit.Headers, entry.Headers, entry.Status, count) is { } ranges
        )
        {
            await Parts.SendAsync(visit.Context, ranges, count, body);
            return;
        }
        // A status that has no body must not be given a length (RFC 9110 §8.6).
        if (entry.Status is not StatusCodes.Status204NoContent)
            response.ContentLength = count;
        if (HttpMethods.IsHead(visit.Method))
            return;
        await Parts.CopyAsync(visit.Context, new ByteRange(0, count), body);
    }

    /// <summary>Sends a response while it arrives. When it breaks off, so does the visitor's connection: half a page must not look whole.</summary>
    public async Task FromFlightAsync(HttpVisit visit, FlightHead head, GrowingBody.Reader reader, Decision decision)
    {
        var context = visit.Context;
        WriteHead(visit, head.Status, head.Headers, decision);
        // Framed anew on the way to the PoP, it would look whole there.
        if (visit.Tier is not null && !head.EndsItself)
            context.Response.Headers[TierSeal.Unended] = "1";
        if (head.Verdict == StoreVerdict.Stored)
            BrowserCaching.Rewrite(visit, context.Response.Headers, head.Freshness);
        if (Validators.VisitorHolds(visit.Headers, head.Status, head.Headers))
        {
            NotModified(context.Response);
            return;
        }
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        if (Cut(visit, head) is { } ranges)
        {
            await Parts.SendAsync(context, ranges, head.Length!.Value, reader);
            return;
        }
        try
        {
            // The head goes out at once: the first byte of the body may be long in coming.
            await context.Response.StartAsync(context.RequestAborted);
            while (true)
            {
                var piece = await reader.ReadAsync(context.RequestAborted);
                if (piece.IsEmpty)
                    return;
                var flushed = await context.Response.BodyWriter.WriteAsync(piece, context.RequestAborted);
                visit.Streamed += piece.Length;
                reader.Consume(piece.Length);
                if (flushed.IsCompleted)
                    return;
            }
        }
        catch (BodyBrokenException)
        {
            context.Abort();
        }
    }

    /// <summary>The part that was asked for, of a body that is kept whole while it arrives.</summary>
    private static ByteRange[]? Cut(HttpVisit visit, FlightHead head) =>
        visit.Headers.Range.Count > 0 && head is { NotStored: null, Length: { } length }
            ? ByteRanges.Select(visit.Headers, head.Headers, head.Status, length)
            : null;

    /// <summary>No upstream answered: 504 when one kept silent, 503 when too many wait for it, else 502, with a plain sentence.</summary>
    public Task FailedAsync(HttpVisit visit, FetchFailure failure, Forward forward)
    {
        var response = visit.Context.Response;
        var decision = new Decision(Served.Miss, forward)
        {
            Detail = failure switch
            {
                FetchFailure.CannotConnect => "cannot-connect",
                FetchFailure.HeadTimeOut => "head-time-out",
                FetchFailure.Refused => "refused",
                FetchFailure.NoOrigin => "no-origin",
                FetchFailure.InvalidHead => "invalid-head",
                FetchFailure.Overloaded => "origin-queue-full",
                _ => "broken-head",
            },
        };
        response.Headers[RequestId.Field] = visit.Id;
        response.Headers[XCache] = decision.XCache;
        response.Headers[CacheStatus] = decision.CacheStatus(requests.NodeName);
        if (visit.Tier is not null)
            response.Headers[TierSeal.Failed] = failure.ToString();
        switch (failure)
        {
            case FetchFailure.HeadTimeOut:
                return RefuseAsync(visit.Context, StatusCodes.Status504GatewayTimeout, "The origin did not answer in time.");
            case FetchFailure.Overloaded:
                response.Headers.RetryAfter = "1";
                return RefuseAsync(
                    visit.Context,
                    StatusCodes.Status503ServiceUnavailable,
                    "The origin is busy: too many requests wait for it."
                );
            default:
                return RefuseAsync(visit.Context, StatusCodes.Status502BadGateway, "The origin could not be reached.");
        }
    }

    /// <summary>The node's own word: a status and one sentence, which no cache keeps unless it is said.</summary>
    public async Task RefuseAsync(HttpContext context, int status, string sentence, string cacheControl = "no-store")
    {
        var response = context.Response;
        response.StatusCode = status;
        response.Headers.CacheControl = cacheControl;
        response.Headers.Via = _via;
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(sentence) + 1;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.WriteAsync(sentence + "\n", context.RequestAborted);
    }

    /// <summary>The fields of what is stored, its age, and how long a visitor's own cache may keep it.</summary>
    public void WriteStoredHead(HttpVisit visit, StoredResponse entry, Decision decision)
    {
        var response = visit.Context.Response;
        response.StatusCode = entry.Status;
        entry.WriteFieldsTo(response.Headers);
        AddOwn(visit, decision);
        visit.Context.Response.Headers.Age = _age.Of(Age.InSeconds(entry.Freshness.AgeAt(visit.Now)));
        BrowserCaching.Rewrite(visit, visit.Context.Response.Headers, entry.Freshness);
    }

    /// <summary>The fields of an answer: the origin's, this node's members of Via and Cache-Status after those of the caches behind it, and X-Cache.</summary>
    public void WriteHead(HttpVisit visit, int status, IEnumerable<KeyValuePair<string, StringValues>> fields, Decision decision)
    {
        var response = visit.Context.Response;
        response.StatusCode = status;
        var headers = response.Headers;
        foreach (var (name, value) in fields)
            headers[name] = value;
        AddOwn(visit, decision);
    }

    /// <summary>The visit is over: it goes into the node's figures.</summary>
    public void Over(HttpVisit visit) => traffic.Count(visit);

    public void AddOwn(HttpVisit visit, Decision decision)
    {
        visit.FromStore = decision.Forward == Forward.None;
        var headers = visit.Context.Response.Headers;
        if (_namesEveryRequest || decision.Forward != Forward.None)
            headers[RequestId.Field] = visit.Id;
        headers.Via = StringValues.Concat(headers.Via, _via);
        var own = decision is { Forward: Forward.None, Detail: null }
            ? _hit.Of(decision.Ttl ?? 0)
            : decision.CacheStatus(requests.NodeName);
        headers[CacheStatus] = StringValues.Concat(headers[CacheStatus], own);
        headers[XCache] = decision.XCache;
        ToHttps.AddHsts(visit, headers);
    }

    private static void NotModified(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        response.ContentLength = null;
        // Content-Type stays: a PoP learns from a shield's 304 what the origin changed (RFC 9110 §15.4.5, to guide cache updates).
        response.Headers.ContentEncoding = StringValues.Empty;
        response.Headers.ContentRange = StringValues.Empty;
    }
}
