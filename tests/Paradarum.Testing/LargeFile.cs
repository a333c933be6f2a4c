using System.Globalization;
using System.Runtime.InteropServices;

namespace Paradarum.Testing;

/// <summary>
/// A file of any length whose bytes are made as they are sent: every eighth of them tells position and version, so that a reader sees at once what was mixed or moved. The
/// origin that serves it knows byte ranges, If-Range and If-None-Match, as servers of files do.
/// </summary>
public sealed class LargeFile(long length, int version = 1)
{
    public long Length => length;

    public string Tag { get; init; } = $"\"v{version}\"";

    public string Fields { get; init; } = "Cache-Control: max-age=60";

    /// <summary>The bytes from a position on.</summary>
    public byte[] Bytes(long first, int count)
    {
        var start = first / 8 * 8;
        var words = new long[(count + 15) / 8];
        for (var i = 0; i < words.Length; i++)
            words[i] = (start + (i * 8L)) ^ ((long)version << 48);
        return MemoryMarshal.AsBytes(words.AsSpan()).Slice((int)(first - start), count).ToArray();
    }

    /// <summary>Answers as a server of files does; a script may call it after whatever else it does.</summary>
    public async Task AnswerAsync(OriginExchange exchange)
    {
        var request = exchange.Request;
        var fields = $"{Fields} | ETag: {Tag} | Accept-Ranges: bytes | ";
        if (request["If-None-Match"] == Tag)
        {
            await exchange.NotModifiedAsync(fields);
            return;
        }
        var (first, last) = (0L, length - 1);
        if (request["Range"] is { } range && (request["If-Range"] ?? Tag) == Tag)
        {
            var bounds = range["bytes=".Length..].Split('-');
            first = bounds[0].Length == 0 ? length - Number(bounds[1]) : Number(bounds[0]);
            last = bounds[0].Length == 0 || bounds[1].Length == 0 ? last : Math.Min(last, Number(bounds[1]));
            fields += $"Content-Range: bytes {first}-{last}/{length} | ";
            await exchange.BeginAsync(fields + $"Content-Length: {last - first + 1}", "206 Partial Content");
        }
        else
            await exchange.BeginAsync(fields + $"Content-Length: {length}");
        if (request.Method == "HEAD")
            return;
        for (var at = first; at <= last; at += 64 << 10)
            await exchange.SendAsync(Bytes(at, (int)Math.Min(64 << 10, last - at + 1)));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
