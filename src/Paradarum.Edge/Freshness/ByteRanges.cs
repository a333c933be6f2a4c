using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Paradarum.Edge.Freshness;

/// <summary>Some bytes of a body, in its own positions.</summary>
internal readonly record struct ByteRange(long First, long Count)
{
    public long Last => First + Count - 1;

    /// <summary>As in Content-Range (RFC 9110 §14.4), for example <c>bytes 0-4/10</c>.</summary>
    public string Of(long length) => string.Create(CultureInfo.InvariantCulture, $"bytes {First}-{Last}/{length}");
}

/// <summary>Which bytes of a stored response a request asks for (RFC 9110 §14.2).</summary>
internal static class ByteRanges
{
    /// <summary>More ranges than this in one request, and Range is ignored: nobody needs them but who wants to make work.</summary>
    public const int Most = 16;

    /// <summary>Ranges with less than this between them are sent as one: the head of a part costs more than the bytes (§15.3.7.2).</summary>
    private const int SmallestGap = 80;

    /// <param name="request">The fields of a GET with Range; other methods ignore it.</param>
    /// <param name="stored">Fields of the stored response, for If-Range.</param>
    /// <param name="status">Its status: only a 200 is cut.</param>
    /// <param name="length">Of its body, in bytes.</param>
    /// <returns>
    /// Null: Range does not count, the whole is the answer. Empty: no range can be satisfied, 416. Else 1 to <see cref="Most"/> ranges that do not overlap; in the
    /// order of the request, ascending where some had to be joined.
    /// </returns>
    /// <remarks>
    /// What does not read, other units and more than <see cref="Most"/> ranges get the whole; overlapping ones are joined, so that never more than the whole body
    /// is sent (§14.2 and §15.3.7.2 leave both to the server). Never throws.
    /// </remarks>
    public static ByteRange[]? Select(IHeaderDictionary request, IHeaderDictionary stored, int status, long length)
    {
        if (status != StatusCodes.Status200OK || request.Range.Count != 1 || request.Range[0] is not { } field)
            return null;
        if (TooMany(field) || !Validators.RangeApplies(request, stored))
            return null;
        if (!RangeHeaderValue.TryParse(field, out var parsed) || !parsed.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
            return null;

        var ranges = new List<ByteRange>(parsed.Ranges.Count);
        foreach (var item in parsed.Ranges)
        {
            if (Resolve(item, length) is { } range)
                ranges.Add(range);
        }
        return [.. Joined(ranges)];
    }

    /// <summary>Whether a response says that its server serves byte ranges (§14.3).</summary>
    public static bool AreServed(IHeaderDictionary received) =>
        received.AcceptRanges is [{ } units] && units.Trim().Equals("bytes", StringComparison.OrdinalIgnoreCase);

    private static bool TooMany(string field) => field.AsSpan().Count(',') >= Most;

    /// <summary>The bytes that one range-spec names; null when it cannot be satisfied (§14.1.2).</summary>
    private static ByteRange? Resolve(RangeItemHeaderValue item, long length)
    {
        if (item.From is not { } first)
        {
            var suffix = Math.Min(item.To ?? 0, length);
            return suffix == 0 ? null : new ByteRange(length - suffix, suffix);
        }
        if (first >= length)
            return null;
        return new ByteRange(first, Math.Min(item.To ?? long.MaxValue, length - 1) - first + 1);
    }

    private static List<ByteRange> Joined(List<ByteRange> asked)
    {
        if (asked.Count < 2)
            return asked;
        var joined = new List<ByteRange>(asked.Count);
        foreach (var range in asked.OrderBy(range => range.First))
        {
            if (joined.Count > 0 && range.First - joined[^1].Last - 1 < SmallestGap)
            {
                var before = joined[^1];
                joined[^1] = before with { Count = Math.Max(before.Last, range.Last) - before.First + 1 };
            }
            else
                joined.Add(range);
        }
        return joined.Count == asked.Count ? asked : joined;
    }
}
