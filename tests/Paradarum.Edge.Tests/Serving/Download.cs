using System.Net;
using Paradarum.Edge.Serving;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>A visitor who reads bytes as they come, at the pace of the test.</summary>
internal sealed class Download : IAsyncDisposable
{
    private readonly HttpClient _client;
    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;

    private Download(HttpClient client, HttpResponseMessage response, Stream stream) =>
        (_client, _response, _stream) = (client, response, stream);

    /// <summary>Large bodies are those above 256 KiB, and slices 64 KiB: what is tested with kilobytes holds for gigabytes.</summary>
    public static EdgeOptions SmallSlices { get; } =
        TestNode.Pop() with
        {
            LargestStoredBody = 256 << 10,
            SliceBytes = 64 << 10,
            StoreBytes = 64 << 20,
        };

    public HttpStatusCode Status => _response.StatusCode;

    public string? this[string field] =>
        _response.Headers.NonValidated.TryGetValues(field, out var values)
        || _response.Content.Headers.NonValidated.TryGetValues(field, out values)
            ? values.ToString()
            : null;

    public static async Task<Download> BeginAsync(TestNode node, string target, params (string Name, string Value)[] headers)
    {
        var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, node.Url + target);
        request.Headers.Host = Site.Host;
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new Download(client, response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Reads a whole answer at once.</summary>
    public static async Task<(HttpStatusCode Status, string? Cache, byte[] Bytes)> GetAsync(
        TestNode node,
        string target,
        params (string Name, string Value)[] headers
    )
    {
        await using var download = await BeginAsync(node, target, headers);
        return (download.Status, download["X-Cache"], await download.RestAsync());
    }

    /// <summary>Reads as many bytes as asked for; fewer only at the end.</summary>
    /// <exception cref="IOException">It broke off.</exception>
    /// <exception cref="HttpRequestException">It broke off.</exception>
    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        var read = await _stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false);
        return bytes[..read];
    }

    public async Task<byte[]> RestAsync()
    {
        using var rest = new MemoryStream();
        await _stream.CopyToAsync(rest);
        return rest.ToArray();
    }

    /// <summary>Reads on until the connection breaks; fails when the body ends in good order.</summary>
    public async Task<byte[]> UntilItBreaksAsync()
    {
        using var rest = new MemoryStream();
        var failure = await Record.ExceptionAsync(() => _stream.CopyToAsync(rest));
        (failure is IOException or HttpRequestException).ShouldBeTrue(failure?.ToString() ?? "it ended in good order");
        return rest.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _response.Dispose();
        _client.Dispose();
    }
}
