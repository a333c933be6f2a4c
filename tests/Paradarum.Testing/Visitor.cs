using System.Net;

namespace Paradarum.Testing;

/// <summary>A visitor of one node: connects to loopback and names the host itself, since *.localhost does not resolve outside browsers and curl.</summary>
public sealed class Visitor(string nodeUrl, string hostname) : IDisposable
{
    private readonly HttpClient _client = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
        }
    )
    {
        BaseAddress = new Uri(nodeUrl),
    };

    /// <summary>The node's, as it was given.</summary>
    public string Url => nodeUrl;

    public Task<Visit> GetAsync(string target, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, target, headers);

    public async Task<Visit> SendAsync(HttpMethod method, string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, target);
        request.Headers.Host = hostname;
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(request);
        return await Visit.ReadAsync(response);
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>What a visitor saw.</summary>
public sealed record Visit(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary><c>X-Cache</c>: HIT, MISS, STALE, REVALIDATED or BYPASS; empty when the node did not say.</summary>
    public string Cache => Headers.GetValueOrDefault("X-Cache", "");

    internal static async Task<Visit> ReadAsync(HttpResponseMessage response)
    {
        var all = response.Headers.Concat(response.Content.Headers);
        return new Visit(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            all.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase)
        );
    }
}
