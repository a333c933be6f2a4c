using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Control.Api;

/// <summary>Which page of a list is asked for (contract section 0).</summary>
/// <param name="Number">1-based. A page beyond the last is empty, not an error.</param>
/// <param name="Size">1 to 100, default 10.</param>
internal readonly record struct PageRequest(int Number, int Size)
{
    public const int DefaultSize = 10;
    private const int LargestSize = 100;

    /// <summary>How many items come before this page; stays in range for any number a client sends.</summary>
    public int Skip => (int)Math.Min((long)(Number - 1) * Size, int.MaxValue);

    /// <summary>Reads <c>pageNumber</c> and <c>pageSize</c>: out of range is clamped, what is no integer counts as not sent. Never fails.</summary>
    public static ValueTask<PageRequest> BindAsync(HttpContext context)
    {
        var query = context.Request.Query;
        return ValueTask.FromResult(
            new PageRequest(Clamped(query["pageNumber"], 1, int.MaxValue), Clamped(query["pageSize"], DefaultSize, LargestSize))
        );
    }

    private static int Clamped(StringValues sent, int fallback, int largest) =>
        long.TryParse(sent.Count > 0 ? sent[0] : null, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? (int)Math.Clamp(number, 1, largest)
            : fallback;
}
