using System.Buffers;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using Paradarum.Protocol;

namespace Paradarum.Control.Api;

/// <summary>Reads a request's JSON body after the guards that come before it (contract 1.3): whose property, may it change.</summary>
internal static class JsonBody
{
    /// <summary>Largest body that is read, in bytes: 4 MiB.</summary>
    public const int Limit = 4 << 20;

    /// <summary>A larger body is read and thrown away up to here, in bytes (16 MiB), so that a client which sends before it reads gets its answer.</summary>
    public const int DrainLimit = 16 << 20;

    private static readonly Refusal TooLarge = new(RefusalKind.TooLarge, "Request body is too large. The limit is 4 MiB.");
    private static readonly Refusal WrongType = new(RefusalKind.UnsupportedMediaType, "Content-Type must be application/json.");
    private static readonly Refusal NoObject = Refusal.Malformed("Request body must be a JSON object.");

    /// <summary>
    /// The body's bytes, at most <see cref="Limit"/>, without a byte order mark; empty when there is none. Refuses a larger one (413) and one that is not JSON by its
    /// type (415). A missing Content-Type is taken as JSON; so are parameters, whatever they say: JSON is UTF-8.
    /// </summary>
    public static async Task<Result<ReadOnlyMemory<byte>>> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        // The body is taken in before its type is judged: an answer given while the client still sends may never be read.
        var body = await BytesAsync(request, stop);
        if (body is null)
            return TooLarge;
        if (!IsJson(request.ContentType))
            return WrongType;
        var text = body.Value;
        return text.Span.StartsWith("\uFEFF"u8) ? text[3..] : text;
    }

    /// <summary>The body as a JSON object whose fields are read one by one; anything else is 400.</summary>
    public static async Task<Result<JsonFields>> ReadObjectAsync(HttpRequest request, CancellationToken stop)
    {
        if (!(await ReadAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal;
        return ParseObject(body);
    }

    /// <summary>Parses what <see cref="ReadAsync"/> gave. Never throws; deeper than 64 levels is no JSON here.</summary>
    public static Result<JsonFields> ParseObject(ReadOnlyMemory<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span);
            var element = JsonElement.ParseValue(ref reader);
            // What follows the object but white space is no JSON.
            if (element.ValueKind != JsonValueKind.Object || reader.Read())
                return NoObject;
            return new JsonFields(element);
        }
        catch (JsonException)
        {
            return NoObject;
        }
    }

    private static bool IsJson(string? contentType) =>
        string.IsNullOrWhiteSpace(contentType)
        || string.Equals(contentType, "application/json", StringComparison.OrdinalIgnoreCase)
        || (
            MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>Null when the body is larger than the limit; then up to <see cref="DrainLimit"/> of it has been read.</summary>
    private static async Task<ReadOnlyMemory<byte>?> BytesAsync(HttpRequest request, CancellationToken stop)
    {
        var reader = request.BodyReader;
        long taken = 0;
        while (true)
        {
            var read = await reader.ReadAsync(stop);
            var length = read.Buffer.Length;
            if (taken == 0 && read.IsCompleted && length <= Limit)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            if (taken + length <= Limit && !read.IsCompleted)
            {
                // Nothing is consumed until all of it is there: the pipe keeps the pieces.
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            taken += length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || taken >= DrainLimit)
                return null;
        }
    }
}
