using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Serving.Tls;

namespace Paradarum.Edge.Serving;

/// <summary>Why no response head came from an upstream.</summary>
internal enum FetchFailure
{
    None,
    NoOrigin,
    CannotConnect,
    HeadTimeOut,
    BrokenHead,
    Refused,

    /// <summary>What came is no head of a response.</summary>
    InvalidHead,

    /// <summary>All connections that the property may have to it are busy, and so is the queue for them.</summary>
    Overloaded,
}

/// <summary>
/// The connections to upstreams: no cookies, redirects, decompression, proxies or tracing headers; what was asked is what is sent. Not tied
/// to any visitor.
/// </summary>
internal sealed class UpstreamClient : IDisposable
{
    private readonly HttpMessageInvoker _verifying;
    private readonly HttpMessageInvoker _trusting;
    private readonly HttpMessageInvoker _shields;
    private readonly HttpMessageInvoker _secureShields;
    private readonly EdgeOptions _options;
    private readonly TimeProvider _time;

    public UpstreamClient(EdgeOptions options, UpstreamTrust trust, NameService names, TimeProvider time, ILogger<UpstreamClient> log)
    {
        _options = options;
        _time = time;
        // An origin at the address of a shield gets no connection of the shield's: those are not judged, the operator names them.
        var origins = new OriginConnections(options.OriginsAllow, names, time, log);
        _verifying = Invoker(Handler(options, trust, verifiesTls: true), origins.ConnectAsync);
        _trusting = Invoker(Handler(options, trust, verifiesTls: false), origins.ConnectAsync);
        _shields = Invoker(Handler(options, trust, verifiesTls: true), connect: null);
        _secureShields = Invoker(Handler(options, trust, verifiesTls: true), new ShieldConnections(trust, log).ConnectAsync);
    }

    public HttpMessageInvoker InvokerFor(Upstream upstream) =>
        upstream.IsShield ? (upstream.IsTls ? _secureShields : _shields)
        : upstream.VerifiesTls ? _verifying
        : _trusting;

    /// <summary>Sends a request and waits for the response's head. A failure is a value; only <paramref name="stop"/> throws.</summary>
    public async Task<(HttpResponseMessage? Response, FetchFailure Failure)> SendAsync(
        Upstream upstream,
        HttpRequestMessage request,
        CancellationToken stop
    )
    {
        var patience = upstream.IsShield ? _options.ShieldHeadAfter : _options.OriginHeadAfter;
        using var late = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            return (await InvokerFor(upstream).SendAsync(request, either.Token), FetchFailure.None);
        }
        catch (HttpRequestException e)
        {
            return (null, FailureOf(e));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The handler's connect time-out surfaces as a cancellation too.
            return (null, late.IsCancellationRequested ? FetchFailure.HeadTimeOut : FetchFailure.CannotConnect);
        }
    }

    public static FetchFailure FailureOf(HttpRequestException e) =>
        IsConnectFailure(e) ? FetchFailure.CannotConnect
        : e.HttpRequestError is HttpRequestError.InvalidResponse ? FetchFailure.InvalidHead
        : FetchFailure.BrokenHead;

    public static bool IsConnectFailure(HttpRequestException e) =>
        e.HttpRequestError
            is HttpRequestError.ConnectionError
                or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError
                or HttpRequestError.ProxyTunnelError;

    /// <summary>The URL with the canonical target untouched: <see cref="Uri"/> must not normalise what was keyed.</summary>
    public static Uri Address(Upstream upstream, string pathAndQuery) =>
        new(
            (upstream is { IsShield: true, IsTls: true } ? ShieldConnections.Inside(upstream) : upstream.Base) + pathAndQuery,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
        );

    public void Dispose()
    {
        _verifying.Dispose();
        _trusting.Dispose();
        _shields.Dispose();
        _secureShields.Dispose();
    }

    private static HttpMessageInvoker Invoker(
        SocketsHttpHandler handler,
        Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect
    )
    {
        handler.ConnectCallback = connect;
        return new HttpMessageInvoker(handler);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Security",
        "CA5359:Do not disable certificate validation",
        Justification = "The property's owner turned it off for this origin (contract part 3, sslVerify)."
    )]
    private static SocketsHttpHandler Handler(EdgeOptions options, UpstreamTrust trust, bool verifiesTls) =>
        new()
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.ConnectAfter,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 64,
            // Bytes above ASCII pass through as they are.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = verifiesTls ? null : static (_, _, _, _) => true,
                CertificateChainPolicy = verifiesTls ? trust.Policy() : null,
            },
        };
}
