using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Paradarum.Control.Api;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Postgres;
using Yarp.ReverseProxy.Forwarder;

namespace Paradarum.Control.Replicas;

/// <summary>
/// What a control plane that stands by does with requests: hands them on to the one that works, so that any of them can be asked (docs/decisions/postgresql.md). Whoever answers
/// decides; this one knows nothing and says nothing of its own.
/// </summary>
internal sealed class Forwarding(IHttpForwarder forwarder, TimeProvider time) : IDisposable
{
    /// <summary>How long the database may not have been seen until a balancer hears that this one is of no use.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(3);

    private volatile Destination? _to;
    private long _seenAt;

    /// <summary>True when it is known who works, and was looked up a moment ago.</summary>
    public bool IsPossible => _to is not null && time.GetElapsedTime(Interlocked.Read(ref _seenAt)) < FreshFor;

    /// <summary>What the database says now. Requests that wait for somebody else are answered: who was paused, or is gone without a word, would let them wait.</summary>
    public void Seen(LogHolder? holder)
    {
        Interlocked.Exchange(ref _seenAt, time.GetTimestamp());
        var former = _to;
        if (former?.Holder == holder)
            return;
        _to = holder is null ? null : new Destination(holder);
        former?.Dispose();
    }

    public async Task AnswerAsync(HttpContext context)
    {
        // Somebody else took this one for the one that works.
        if (_to is not { } to || context.Request.Headers.ContainsKey(ReplicaRequests.KeyHeader))
        {
            await RefuseAsync(context, "This control plane stands by while another one works. Ask that one, or try again.");
            return;
        }
        if (await to.SendAsync(forwarder, context) is not ForwarderError.None && !context.Response.HasStarted)
            await RefuseAsync(
                context,
                "The control plane that works has not answered; whether the request was carried out is not known. Try again: with an Idempotency-Key nothing is queued twice."
            );
    }

    public static Task RefuseAsync(HttpContext context, string message) =>
        new Answer<object>(StatusCodes.Status503ServiceUnavailable, message, null) { RetryAfter = TimeSpan.FromSeconds(1) }.ExecuteAsync(
            context
        );

    public void Dispose() => Seen(null);

    /// <summary>One control plane that works, for as long as it does.</summary>
    private sealed class Destination(LogHolder holder) : IDisposable
    {
        private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(2);

        // Longer than the longest ?wait= of a receipt (60 s), than the silence of events (15 s) and of nodes (a third of a lease).
        private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(100);

        // HTTP/1.1 takes the panel's web socket too.
        private static readonly ForwarderRequestConfig ForApi = new() { ActivityTimeout = SilentFor, Version = HttpVersion.Version11 };

        private static readonly ForwarderRequestConfig ForNodes = new()
        {
            ActivityTimeout = SilentFor,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        private readonly CancellationTokenSource _over = new();
        private readonly HttpMessageInvoker _api = Client(holder.Api);
        private readonly HttpMessageInvoker _fleet = Client(holder.Fleet);
        private readonly AsItCame _transformer = new(holder.Key);

        public LogHolder Holder => holder;

        public ValueTask<ForwarderError> SendAsync(IHttpForwarder forwarder, HttpContext context) =>
            context.IsOfFleet()
                ? forwarder.SendAsync(context, Prefix(holder.Fleet), _fleet, ForNodes, _transformer, _over.Token)
                : forwarder.SendAsync(context, Prefix(holder.Api), _api, ForApi, _transformer, _over.Token);

        /// <summary>What is under way ends with an error.</summary>
        public void Dispose()
        {
            _over.Cancel();
            _api.Dispose();
            _fleet.Dispose();
        }

        private static string Prefix(Uri address) => address.GetLeftPart(UriPartial.Authority);

        private static HttpMessageInvoker Client(Uri address)
        {
            var handler = new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ConnectTimeout = ConnectWithin,
                // A hundred nodes' streams fit on one.
                EnableMultipleHttp2Connections = true,
            };
            // The certificate is the working control plane's; the Host field stays the one that the client sent.
            handler.SslOptions.TargetHost = address.Host;
            return new HttpMessageInvoker(handler);
        }
    }

    /// <summary>The request as it came, and for whom.</summary>
    private sealed class AsItCame(string key) : HttpTransformer
    {
        private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext,
            HttpRequestMessage proxyRequest,
            string destinationPrefix,
            CancellationToken cancellationToken
        )
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            if (httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is ['/', ..] target)
                proxyRequest.RequestUri = new Uri(destinationPrefix + target, Verbatim);
            var headers = proxyRequest.Headers;
            headers.Host = httpContext.Request.Host.Value;
            // What a client says of itself here means nothing.
            foreach (var name in new[] { "X-Forwarded-For", "X-Forwarded-Proto" })
                headers.Remove(name);
            headers.TryAddWithoutValidation("X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
            headers.TryAddWithoutValidation("X-Forwarded-Proto", httpContext.Request.Scheme);
            headers.TryAddWithoutValidation(ReplicaRequests.KeyHeader, key);
        }
    }
}
