using System.Collections.Immutable;

namespace Paradarum.Protocol.Configuration;

/// <summary>When stale responses are served instead of a failure (contract part 3, <c>always_online</c>).</summary>
[Flags]
public enum StaleConditions
{
    None = 0,

    /// <summary>No upstream could be connected to, was free to take the request, or answered with a whole head.</summary>
    Error = 1,

    /// <summary>A fetch of the same is under way.</summary>
    Updating = 1 << 1,

    /// <summary>No upstream sent a head in time.</summary>
    Timeout = 1 << 2,

    /// <summary>A head came that is no HTTP.</summary>
    InvalidHeader = 1 << 3,

    Status500 = 1 << 4,
    Status502 = 1 << 5,
    Status503 = 1 << 6,
    Status504 = 1 << 7,
    Status403 = 1 << 8,
    Status404 = 1 << 9,
    Status429 = 1 << 10,
}

/// <summary>The same as the contract writes them, a code each.</summary>
public static class StaleCodes
{
    private static readonly ImmutableArray<(string Code, StaleConditions Condition)> Known =
    [
        ("error", StaleConditions.Error),
        ("updating", StaleConditions.Updating),
        ("timeout", StaleConditions.Timeout),
        ("invalid_header", StaleConditions.InvalidHeader),
        ("500", StaleConditions.Status500),
        ("502", StaleConditions.Status502),
        ("503", StaleConditions.Status503),
        ("504", StaleConditions.Status504),
        ("403", StaleConditions.Status403),
        ("404", StaleConditions.Status404),
        ("429", StaleConditions.Status429),
    ];

    public static IEnumerable<string> All => Known.Select(known => known.Code);

    /// <summary>None for a code that is not known.</summary>
    public static StaleConditions Read(string code) =>
        Known.FirstOrDefault(known => string.Equals(known.Code, code, StringComparison.Ordinal)).Condition;

    /// <summary>The condition that a status is; none for any other status.</summary>
    public static StaleConditions OfStatus(int status) =>
        status switch
        {
            500 => StaleConditions.Status500,
            502 => StaleConditions.Status502,
            503 => StaleConditions.Status503,
            504 => StaleConditions.Status504,
            403 => StaleConditions.Status403,
            404 => StaleConditions.Status404,
            429 => StaleConditions.Status429,
            _ => StaleConditions.None,
        };

    /// <summary>In the contract's order.</summary>
    public static IEnumerable<string> Written(StaleConditions conditions) =>
        Known.Where(known => conditions.HasFlag(known.Condition)).Select(known => known.Code);
}
