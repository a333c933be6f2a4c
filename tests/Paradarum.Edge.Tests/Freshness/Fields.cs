using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Tests.Freshness;

/// <summary>Header fields written as they look on the wire, separated by <c>|</c>.</summary>
internal static class Fields
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public const string NoonDate = "Date: Sun, 01 Mar 2026 12:00:00 GMT";

    public static IHeaderDictionary Read(string text)
    {
        var headers = new HeaderDictionary();
        foreach (var line in text.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Append(line[..colon], line[(colon + 1)..].Trim());
        }
        return headers;
    }
}
