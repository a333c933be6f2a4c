using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Paradarum.Edge.Serving;

namespace Paradarum.Edge.Telemetry;

/// <summary>What is said of one request. Texts of visitors are cut, so that the queue's memory is bounded.</summary>
internal readonly record struct AccessLine(
    DateTimeOffset EndedAt,
    TimeSpan Took,
    string? Id,
    string Client,
    string Method,
    string Host,
    string Target,
    string Protocol,
    int Status,
    long? Bytes,
    string? Cache,
    string? CacheStatus,
    string? UserAgent,
    string? Referer,
    bool Aborted
)
{
    private const int LongestTarget = 2048;
    private const int LongestText = 512;

    public static AccessLine Of(HttpContext context, DateTimeOffset now, TimeSpan took)
    {
        var (request, response) = (context.Request, context.Response);
        return new(
            now,
            took,
            response.Headers[RequestId.Field].ToString() is { Length: > 0 } id ? id : null,
            context.Connection.RemoteIpAddress?.ToString() ?? "",
            Cut(request.Method, LongestText)!,
            Cut(request.Host.Value, LongestText) ?? "",
            Cut(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, LongestTarget)!,
            request.Protocol,
            response.StatusCode,
            HasNoBody(request, response) ? 0 : response.ContentLength,
            response.Headers[Answers.XCache],
            response.Headers[Answers.CacheStatus] is [.., { } own] ? Cut(own, LongestText) : null,
            Cut(request.Headers.UserAgent, LongestText),
            Cut(request.Headers.Referer, LongestText),
            context.RequestAborted.IsCancellationRequested
        );
    }

    public void Write(Utf8JsonWriter json, string node)
    {
        json.WriteString(
            "time",
            (EndedAt - Took).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture)
        );
        json.WriteString("node", node);
        Write(json, "id", Id);
        json.WriteString("client", Client);
        json.WriteString("method", Method);
        json.WriteString("host", Host);
        json.WriteString("target", Target);
        json.WriteString("protocol", Protocol);
        json.WriteNumber("status", Status);
        if (Bytes is { } bytes)
            json.WriteNumber("bytes", bytes);
        json.WriteNumber("ms", Math.Round(Took.TotalMilliseconds, 3));
        Write(json, "cache", Cache);
        Write(json, "cacheStatus", CacheStatus);
        Write(json, "userAgent", UserAgent);
        Write(json, "referer", Referer);
        if (Aborted)
            json.WriteBoolean("aborted", true);
    }

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is { Length: > 0 })
            json.WriteString(name, value);
    }

    private static bool HasNoBody(HttpRequest request, HttpResponse response) =>
        HttpMethods.IsHead(request.Method) || response.StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified;

    private static string? Cut(string? text, int longest) => text is null || text.Length <= longest ? text : text[..longest];
}
