using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>Sends some bytes of a body: one range as 206, several as <c>multipart/byteranges</c>, none as 416 (RFC 9110 §15.3.7, §15.5.17).</summary>
internal static class Parts
{
    /// <summary>Sends what was selected. The fields of the whole response are already in the answer (<see cref="Answers.WriteHead"/>).</summary>
    /// <param name="context">Whose answer it is.</param>
    /// <param name="ranges">What <see cref="ByteRanges.Select"/> chose.</param>
    /// <param name="length">Of the whole body.</param>
    /// <param name="source">Where the bytes are. A type argument, so that a stored body costs no object.</param>
    public static Task SendAsync<TSource>(HttpContext context, ByteRange[] ranges, long length, TSource source)
        where TSource : IBodySource
    {
        var response = context.Response;
        switch (ranges)
        {
            case []:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{length}");
                response.ContentLength = 0;
                return Task.CompletedTask;
            case [var only]:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = only.Of(length);
                response.ContentLength = only.Count;
                return CopyAsync(context, only, source);
            default:
                return SendMultipartAsync(context, ranges, length, source);
        }
    }

    /// <summary>Sends bytes at the visitor's pace. When they can't be had, the connection ends with them: half a body must not look whole.</summary>
    public static async Task CopyAsync<TSource>(HttpContext context, ByteRange range, TSource source)
        where TSource : IBodySource
    {
        try
        {
            await TryCopyAsync(context, range, source);
        }
        catch (BodyBrokenException)
        {
            context.Abort();
        }
    }

    private static async Task SendMultipartAsync<TSource>(HttpContext context, ByteRange[] ranges, long length, TSource source)
        where TSource : IBodySource
    {
        var response = context.Response;
        // Random: no body holds it but by an accident that never happens.
        var boundary = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var type = response.Headers.ContentType.Count == 1 ? $"Content-Type: {response.Headers.ContentType}\r\n" : "";
        var heads = Array.ConvertAll(
            ranges,
            range => Encoding.Latin1.GetBytes($"\r\n--{boundary}\r\n{type}Content-Range: {range.Of(length)}\r\n\r\n")
        );
        var end = Encoding.Latin1.GetBytes($"\r\n--{boundary}--\r\n");
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentType = "multipart/byteranges; boundary=" + boundary;
        response.ContentLength = heads.Sum(head => (long)head.Length) + ranges.Sum(range => range.Count) + end.Length;
        try
        {
            for (var i = 0; i < ranges.Length; i++)
            {
                await response.BodyWriter.WriteAsync(heads[i], context.RequestAborted);
                if (!await TryCopyAsync(context, ranges[i], source))
                    return;
            }
            await response.BodyWriter.WriteAsync(end, context.RequestAborted);
        }
        catch (BodyBrokenException)
        {
            context.Abort();
        }
    }

    /// <returns>False: the visitor is gone.</returns>
    private static async Task<bool> TryCopyAsync<TSource>(HttpContext context, ByteRange range, TSource source)
        where TSource : IBodySource
    {
        for (var sent = 0L; sent < range.Count; )
        {
            var piece = await source.ReadAsync(range.First + sent, range.Count - sent, context.RequestAborted);
            var flushed = await context.Response.BodyWriter.WriteAsync(piece, context.RequestAborted);
            if (flushed.IsCompleted)
                return false;
            sent += piece.Length;
        }
        return true;
    }
}
