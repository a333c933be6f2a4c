using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Paradarum.Edge.Freshness;

/// <summary>Dates in header fields (RFC 9110 §5.6.7): all three forms are read; a field that is given twice or does not parse is no date.</summary>
internal static class HttpDate
{
    public static DateTimeOffset? Parse(StringValues field) =>
        field.Count == 1 && field[0] is { Length: > 0 } text && HeaderUtilities.TryParseDate(text, out var date) ? date : null;

    public static string Write(DateTimeOffset date) => HeaderUtilities.FormatDate(date);

    /// <summary>A response without a usable <c>Date</c> gets the instant of its arrival (RFC 9110 §6.6.1), so that what follows needs no clock.</summary>
    public static void Ensure(IHeaderDictionary received, DateTimeOffset responseTime)
    {
        if (Parse(received.Date) is null)
            received.Date = Write(responseTime);
    }
}
