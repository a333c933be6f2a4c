using System.Collections.Concurrent;
using System.Text;
using Paradarum.Testing;

namespace Paradarum.SystemTests.WordPress;

/// <summary>The purge API as a site reaches it: in trouble of a chosen kind, or passed on to the real one.</summary>
internal sealed class ApiInTrouble : IAsyncDisposable
{
    private readonly ScriptedOrigin _door = new();
    private readonly HttpClient _api;
    private readonly ConcurrentQueue<(string Key, string Body)> _seen = new();
    private TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ApiInTrouble(string api)
    {
        _api = new HttpClient { BaseAddress = new Uri(api) };
        _door.Script = PassOnAsync;
    }

    public string Url => $"http://127.0.0.1:{_door.Port}";

    /// <summary>Each batch that came, in trouble or not: its idempotency key and its bytes.</summary>
    public IReadOnlyList<(string Key, string Body)> Seen => [.. _seen];

    /// <summary>Completes when a batch has met the trouble.</summary>
    public Task Met => _refused.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public void Begin(Func<OriginExchange, Task> trouble)
    {
        _seen.Clear();
        _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var met = _refused;
        _door.Script = async exchange =>
        {
            Remember(exchange.Request);
            met.TrySetResult();
            await trouble(exchange);
        };
    }

    public void End() => _door.Script = PassOnAsync;

    public async ValueTask DisposeAsync()
    {
        await _door.DisposeAsync();
        _api.Dispose();
    }

    private void Remember(OriginRequest request) => _seen.Enqueue((request["Idempotency-Key"] ?? "", request.Body));

    private async Task PassOnAsync(OriginExchange exchange)
    {
        Remember(exchange.Request);
        using var request = new HttpRequestMessage(new HttpMethod(exchange.Request.Method), exchange.Request.Target);
        if (exchange.Request.Method == "POST")
            request.Content = new StringContent(exchange.Request.Body, Encoding.Latin1, "application/json");
        foreach (var name in new[] { "X-API-Key", "Idempotency-Key" })
        {
            if (exchange.Request[name] is { } value)
                request.Headers.TryAddWithoutValidation(name, value);
        }
        using var answer = await _api.SendAsync(request);
        var location = answer.Headers.Location is { } receipt ? $" | Location: {receipt.OriginalString}" : "";
        await exchange.RespondAsync(
            await answer.Content.ReadAsStringAsync(),
            $"Content-Type: application/json{location}",
            $"{(int)answer.StatusCode} {answer.ReasonPhrase}"
        );
    }
}
