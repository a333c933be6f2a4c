using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Paradarum.Client;

/// <summary>The API as the commands of the client use it: the REST contract and nothing else.</summary>
/// <param name="timeout">Of one request, waiting ones included.</param>
internal sealed class PurgeApi(Uri url, Credential credential, TimeSpan timeout) : IDisposable
{
    private const int LargestPage = 100;

    private readonly HttpClient _http = Client(url, credential, timeout);

    /// <summary>The id behind an id or a name; without one, the only property that the key sees.</summary>
    public async Task<long> PropertyAsync(string? named, CancellationToken stop)
    {
        if (long.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return id;
        var all = await PropertiesAsync(stop);
        var found = named is null
            ? all
            : [.. all.Where(property => string.Equals(property.Name, named, StringComparison.OrdinalIgnoreCase))];
        if (found.Count == 1)
            return found[0].Id;
        var known = all.Count == 0 ? "This key sees no property." : $"This key sees {string.Join(", ", all.Select(Line))}.";
        throw new PurgeEndedException(
            PurgeExit.WrongUse,
            named is null ? $"--property is needed. {known}" : $"--property: there is no property named '{named}'. {known}"
        );

        static string Line(PropertyData property) => $"{property.Name} ({property.Id})";
    }

    /// <summary>Sends one purge, or a batch of several.</summary>
    public async Task<(AcceptedData Accepted, string Receipt, string Message)> PurgeAsync(
        long property,
        List<JsonNode?> items,
        bool asBatch,
        string? idempotencyKey,
        CancellationToken stop
    )
    {
        var (path, body) = asBatch
            ? ($"api/property/{property}/purge/batch", new JsonObject { ["items"] = new JsonArray([.. items]) })
            : ($"api/property/{property}/purge", items[0]);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
        var answer = await ReadAsync<AcceptedData>(response, stop);
        return (answer.Data!, $"api/property/{property}/purge/{answer.Data!.PurgeId}", answer.Message ?? "");
    }

    /// <param name="wait">How long the API may hold the answer back until the purge is complete.</param>
    public async Task<ReceiptData> ReceiptAsync(string receipt, TimeSpan wait, CancellationToken stop)
    {
        var query = wait > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"?wait={(long)wait.TotalMilliseconds}ms") : "";
        using var request = new HttpRequestMessage(HttpMethod.Get, receipt + query);
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
        return (await ReadAsync<ReceiptData>(response, stop)).Data!;
    }

    /// <summary>One element for each event of the purge's stream; ends with the stream. Null when this API has no such stream.</summary>
    public async Task<IAsyncEnumerable<string>?> EventsAsync(string receipt, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{receipt}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            return Read(response, stop);
        response.Dispose();
        return null;

        static async IAsyncEnumerable<string> Read(
            HttpResponseMessage response,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop
        )
        {
            using (response)
            {
                var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(stop));
                await foreach (var item in parser.EnumerateAsync(stop))
                    yield return item.EventType;
            }
        }
    }

    /// <summary>Any other call: the whole envelope of an answer that succeeded.</summary>
    public async Task<JsonObject> AskAsync(HttpMethod method, string path, JsonNode? body, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
        JsonObject? envelope = null;
        try
        {
            envelope = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(stop)) as JsonObject;
        }
        catch (JsonException)
        {
            // Below: whoever answered is not the API.
        }

        return response.IsSuccessStatusCode && envelope is not null
            ? envelope
            : throw Refused(response, envelope?["message"]?.GetValue<string>());
    }

    /// <summary>All of a list, page by page; at most so many of it.</summary>
    public async Task<JsonArray> ListAsync(string path, CancellationToken stop, int most = int.MaxValue)
    {
        var all = new JsonArray();
        var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        for (var page = 1; ; page++)
        {
            var answer = await AskAsync(HttpMethod.Get, $"{path}{separator}pageSize={LargestPage}&pageNumber={page}", null, stop);
            foreach (var item in answer["data"]!.AsArray())
            {
                if (all.Count < most)
                    all.Add(item?.DeepClone());
            }

            if (all.Count >= most || page >= answer["totalPages"]!.GetValue<int>())
                return all;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<List<PropertyData>> PropertiesAsync(CancellationToken stop)
    {
        var all = new List<PropertyData>();
        for (var page = 1; ; page++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/property?pageSize={LargestPage}&pageNumber={page}");
            using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
            if (response.StatusCode == HttpStatusCode.Forbidden)
                throw new PurgeEndedException(
                    PurgeExit.WrongUse,
                    "--property: this key may only be used to purge, so names can't be looked up. Give the property's id."
                );
            var answer = await ReadAsync<List<PropertyData>>(response, stop);
            all.AddRange(answer.Data!);
            if (page >= answer.TotalPages)
                return all;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken stop)
    {
        try
        {
            return await _http.SendAsync(request, completion, stop);
        }
        catch (HttpRequestException e)
        {
            throw new PurgeEndedException(
                PurgeExit.TryAgain,
                $"{url} can't be reached: {e.Message} Is the control plane running, and is --url its API?"
            );
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new PurgeEndedException(
                PurgeExit.TryAgain,
                $"{url} did not answer in time. Try again: a purge that runs twice does no harm."
            );
        }
    }

    private async Task<AnswerOf<T>> ReadAsync<T>(HttpResponseMessage response, CancellationToken stop)
        where T : class
    {
        var body = await response.Content.ReadAsByteArrayAsync(stop);
        AnswerOf<T>? answer = null;
        try
        {
            answer = response.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<AnswerOf<T>>(body, JsonSerializerOptions.Web)
                : Refusal<T>(body);
        }
        catch (JsonException)
        {
            // Below: whoever answered is not the API.
        }
        if (response.IsSuccessStatusCode && answer?.Data is not null)
            return answer;
        throw Refused(response, answer?.Message);
    }

    /// <summary>What came with a refusal may have another shape than the answer; a batch's reasons are worth showing.</summary>
    private static AnswerOf<T> Refusal<T>(byte[] body)
    {
        var answer = JsonSerializer.Deserialize<AnswerOf<JsonNode>>(body, JsonSerializerOptions.Web);
        var reasons = (answer?.Data as JsonObject)?["rejected"]?.Deserialize<AcceptedData.RejectedItem[]>(JsonSerializerOptions.Web) ?? [];
        return new AnswerOf<T>(false, string.Join('\n', [answer?.Message ?? "", .. reasons.Select(Line)]), default);

        static string Line(AcceptedData.RejectedItem item) => $"  item {item.Index}: {item.Reason}";
    }

    private PurgeEndedException Refused(HttpResponseMessage response, string? message)
    {
        var sentence = message is { Length: > 0 }
            ? message
            : $"{url} answered {(int)response.StatusCode} and is not a Paradarum API. Is --url right?";
        return (int)response.StatusCode switch
        {
            401 when credential.Header is not null => new(
                PurgeExit.Refused,
                $"{sentence} Give a valid one with --key-file or PARADARUM_KEY, or sign in: paradarum login"
            ),
            404 when sentence == "Property not found." => new(
                PurgeExit.Refused,
                $"{sentence} Give a property that this key may see with --property."
            ),
            429 => new(PurgeExit.TryAgain, $"{sentence} Try again{After(response)}."),
            >= 500 => new(PurgeExit.TryAgain, $"{sentence} Try again; the log of the control plane says more."),
            _ => new(PurgeExit.Refused, sentence),
        };
    }

    private static string After(HttpResponseMessage response) =>
        response.Headers.RetryAfter?.Delta is { } delta ? $" in {delta.TotalSeconds:0} s" : " later";

    private static HttpClient Client(Uri url, Credential credential, TimeSpan timeout)
    {
        var http = new HttpClient { BaseAddress = url, Timeout = timeout };
        if (credential.Header is { } header)
            http.DefaultRequestHeaders.TryAddWithoutValidation(header, credential.Value);
        return http;
    }
}
