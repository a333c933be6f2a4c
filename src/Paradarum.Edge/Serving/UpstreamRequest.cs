using System.Globalization;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Puts together what goes upstream: the canonical target, the visitor's end-to-end fields, the node's own, and to a shield the sealed facts of G4.</summary>
internal sealed class UpstreamRequest(EdgeOptions options, FleetDirectory fleet)
{
    public const string LoopField = "CDN-Loop";

    /// <summary>The node's name in Via, CDN-Loop and Cache-Status.</summary>
    public string NodeName { get; } = "paradarum-" + options.Name;

    /// <summary>A fetch for the store: GET, the whole with the condition that asks about what is stored, or one slice of a large body.</summary>
    public HttpRequestMessage ForFetch(Flight flight, NodeSnapshot snapshot, Upstream upstream)
    {
        var plan = flight.Plan;
        var request = new HttpRequestMessage(HttpMethod.Get, UpstreamClient.Address(upstream, plan.Target.PathAndQuery))
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var (name, value) in plan.Visitor)
        {
            if (!HeaderRules.IsOfOneVisitor(name) && HeaderRules.GoesUpstream(name, plan.Visitor.Connection, plan.FromPop))
                request.Headers.TryAddWithoutValidation(name, value.AsEnumerable());
        }
        request.Headers.TryAddWithoutValidation("Accept-Encoding", Codings.Normalise(plan.Visitor.AcceptEncoding));
        if (plan.Slice is { } slice)
            AddSlice(request, slice);
        else
            AddCondition(request, flight);
        AddOwn(request, upstream, plan.Key.Host, plan.Key.Scheme, plan.RemoteAddress, plan.Protocol, plan.FromPop);
        if (plan.Id is { } id)
            request.Headers.TryAddWithoutValidation(RequestId.Field, id);
        if (upstream.IsShield)
            Seal(
                request,
                snapshot,
                plan.PropertyId,
                plan.Key.Host,
                plan.Target.PathAndQuery,
                plan.Key.Scheme,
                plan.NeedsConfirmation,
                plan.Promised
            );
        return request;
    }

    /// <summary>The fields this node adds to everything that it sends upstream.</summary>
    public void AddOwn(
        HttpRequestMessage request,
        Upstream upstream,
        string host,
        string scheme,
        string remoteAddress,
        string protocol,
        bool fromPop
    )
    {
        request.Headers.Host = upstream.Authority(host);
        request.Headers.TryAddWithoutValidation("Via", ViaMember(protocol));
        request.Headers.TryAddWithoutValidation(LoopField, NodeName);
        // A shield passes on what the PoP saw: the PoP is the one that spoke with the visitor.
        if (fromPop)
            return;
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", remoteAddress);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", scheme);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", host);
    }

    /// <summary>Seals the facts of G4. They come from <paramref name="snapshot"/>, the one that stamps the fetch; a promise raises the first position.</summary>
    public void Seal(
        HttpRequestMessage request,
        NodeSnapshot snapshot,
        long propertyId,
        string host,
        string target,
        string scheme,
        bool validate,
        ulong promised
    )
    {
        var facts = TierSeal.Write(TierRequest.Of(snapshot, propertyId, promised, validate, scheme, options.Name));
        request.Headers.TryAddWithoutValidation(TierSeal.Facts, facts);
        request.Headers.TryAddWithoutValidation(
            TierSeal.Seal,
            TierSeal.Sign(fleet.Current.FleetKey.Span, request.Method.Method, host, target, facts)
        );
    }

    /// <summary>The received protocol and this node's name (RFC 9110 §7.6.3), for example <c>1.1 paradarum-pop1</c>.</summary>
    public string ViaMember(string protocol) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(protocol.StartsWith("HTTP/", StringComparison.Ordinal) ? protocol[5..] : "1.1")} {NodeName}"
        );

    /// <summary>Whether the request has passed this node before (RFC 8586 §2; RFC 9110 §7.6.3).</summary>
    public bool Loops(IHeaderDictionary request) => Names(request[LoopField]) || Names(request.Via);

    private bool Names(Microsoft.Extensions.Primitives.StringValues field)
    {
        foreach (var line in field)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var member = line.AsSpan()[range];
                var semicolon = member.IndexOf(';');
                var id = (semicolon < 0 ? member : member[..semicolon]).Trim(" \t");
                if (id[(id.LastIndexOf(' ') + 1)..].Equals(NodeName, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }
        return false;
    }

    /// <summary>If-Range (RFC 9110 §13.1.5): of another body, no piece is sent that could be taken for one of this.</summary>
    private static void AddSlice(HttpRequestMessage request, SliceId slice)
    {
        request.Headers.TryAddWithoutValidation("Range", $"bytes={slice.First}-{slice.First + slice.Count - 1}");
        request.Headers.TryAddWithoutValidation("If-Range", slice.Of.Tag);
    }

    private static void AddCondition(HttpRequestMessage request, Flight flight)
    {
        var condition = FetchCondition.Of(flight);
        if (condition.Tag is { } tag)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        else if (condition.ModifiedSince is { } since)
            request.Headers.TryAddWithoutValidation("If-Modified-Since", since);
    }
}
