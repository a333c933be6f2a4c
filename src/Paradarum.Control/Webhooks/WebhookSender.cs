using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Paradarum.Control.Webhooks;

/// <summary>How an attempt ended.</summary>
/// <param name="Text">For the account: a status, or why there was none. At most a sentence.</param>
internal readonly record struct AttemptResult(bool IsDelivered, string Text);

/// <summary>
/// Sends one delivery. No redirect is followed, no proxy, cookie or credential is used, nothing of the answer but its status is read, and the address is judged when the
/// connection is made, so a name that changes its mind leads nowhere.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MostOfAnswer = 4096;

    /// <summary>For the whole attempt, name look-up included.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpMessageInvoker _invoker;

    public WebhookSender(WebhookOptions options, TimeProvider time)
        : this(options, time, Dns.GetHostAddressesAsync) { }

    /// <param name="resolve">In the place of the name service, for tests.</param>
    internal WebhookSender(WebhookOptions options, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        (_options, _time, _resolve) = (options, time, resolve);
        _invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                ConnectCallback = ConnectAsync,
                MaxResponseHeadersLength = 16,
                MaxResponseDrainSize = MostOfAnswer,
                ResponseDrainTimeout = TimeSpan.FromSeconds(1),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            }
        );
    }

    public async Task<AttemptResult> SendAsync(Webhook webhook, Delivery delivery, CancellationToken stop)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url);
        request.Content = new ReadOnlyMemoryContent(delivery.Body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Paradarum-Webhooks", "1"));
        request.Headers.Add("webhook-id", delivery.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", webhook.Secret.Sign(delivery.Id, timestamp, delivery.Body.Span));
        using var over = new CancellationTokenSource(Within, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stop);
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            return new AttemptResult(status is >= 200 and < 300, string.Create(CultureInfo.InvariantCulture, $"answered {status}"));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new AttemptResult(false, $"no answer within {Within.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            return new AttemptResult(
                false,
                e.InnerException is ClosedAddressException closed ? closed.Message : $"not reached: {e.HttpRequestError}"
            );
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var addresses = await _resolve(context.DnsEndPoint.Host, stop);
        // The very addresses that are connected to are judged: what the name says the next moment does not matter.
        var open = _options.AllowPrivateAddresses ? addresses : Array.FindAll(addresses, WebhookTarget.IsPublic);
        if (open.Length == 0)
            throw new ClosedAddressException("its name leads to no public address");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, context.DnsEndPoint.Port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _invoker.Dispose();

    private sealed class ClosedAddressException(string message) : IOException(message);
}
