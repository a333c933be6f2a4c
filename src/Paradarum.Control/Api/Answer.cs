using System.Globalization;
using System.Text.Json;

namespace Paradarum.Control.Api;

/// <summary>An answer in the envelope (<see cref="Envelope{T}"/>): the only way an endpoint under <c>/api</c> answers.</summary>
internal static class Answer
{
    public static Answer<T> Ok<T>(string message, T data) => new(StatusCodes.Status200OK, message, data);

    public static Answer<object> Ok(string message) => new(StatusCodes.Status200OK, message, null);

    public static Answer<T> Created<T>(string message, T data, string? location = null) =>
        new(StatusCodes.Status201Created, message, data) { Location = location };

    /// <summary>One page of a list, cut from all of it.</summary>
    public static PageAnswer<T> Page<T>(string message, PageRequest page, IReadOnlyList<T> all) =>
        new(message, page, [.. all.Skip(page.Skip).Take(page.Size)], all.Count);

    /// <summary>One page of a list whose length was counted elsewhere.</summary>
    public static PageAnswer<T> Page<T>(string message, PageRequest page, IReadOnlyList<T> items, int totalRecords) =>
        new(message, page, items, totalRecords);

    public static Answer<object> Refused(int status, string message) => new(status, message, null);

    /// <summary>Writes the whole answer in one piece, so that it has a length and its status cannot change half-way.</summary>
    internal static Task WriteAsync<T>(HttpContext context, int status, T envelope) =>
        WriteBytesAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(envelope, ApiJson.Options));

    /// <summary>The same for an envelope that is serialised already.</summary>
    internal static Task WriteBytesAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

/// <summary>An answer with one object, or none.</summary>
internal sealed class Answer<T>(int status, string message, T? data) : IResult, IStatusCodeHttpResult
{
    public int Status => status;

    int? IStatusCodeHttpResult.StatusCode => status;

    public string Message => message;

    public T? Data => data;

    /// <summary>Where what was made can be read, for the header of that name.</summary>
    public string? Location { get; init; }

    /// <summary>When to try again, for the header of that name.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (Location is not null)
            httpContext.Response.Headers.Location = Location;
        // RFC 9110 section 10.2.3: whole seconds. Rounded up: who comes then is not refused again for having come too early.
        if (RetryAfter is { } after)
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds))
                .ToString(CultureInfo.InvariantCulture);
        // RFC 9110 section 11.6.1: a 401 names a scheme. The key has none of its own, so the other one is named.
        if (status == StatusCodes.Status401Unauthorized)
            httpContext.Response.Headers.WWWAuthenticate = "Bearer";
        return Answer.WriteAsync(httpContext, status, new Envelope<T>(status < StatusCodes.Status400BadRequest, message, data));
    }
}

/// <summary>An answer with one page of a list.</summary>
internal sealed class PageAnswer<T>(string message, PageRequest page, IReadOnlyList<T> items, int totalRecords)
    : IResult,
        IStatusCodeHttpResult
{
    int? IStatusCodeHttpResult.StatusCode => StatusCodes.Status200OK;

    public IReadOnlyList<T> Items => items;

    /// <summary>Of the whole list.</summary>
    public int TotalRecords => totalRecords;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var totalPages = (totalRecords + page.Size - 1) / page.Size;
        var envelope = new PageEnvelope<T>(true, message, items, page.Number, page.Size, totalPages, totalRecords);
        return Answer.WriteAsync(httpContext, StatusCodes.Status200OK, envelope);
    }
}
