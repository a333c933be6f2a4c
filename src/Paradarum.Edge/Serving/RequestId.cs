using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Serving;

/// <summary>
/// The name of one request, in <c>X-Request-Id</c> of what goes upstream and of the answer: the same at PoP, shield and origin. Unique over processes: 64 random bits
/// and a count. It is no secret and proves nothing.
/// </summary>
internal static class RequestId
{
    public const string Field = "X-Request-Id";

    private const int Longest = 128;

    private static readonly string Process = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=:"
    );

    private static long _count;

    public static string New() => string.Create(CultureInfo.InvariantCulture, $"{Process}{Interlocked.Increment(ref _count):x16}");

    /// <summary>The one that was sent, from a sender who is trusted; null when there is none, or it is not 1 to 128 harmless characters.</summary>
    public static string? Read(IHeaderDictionary headers) =>
        headers[Field] is [{ Length: >= 1 and <= Longest } sent] && !sent.AsSpan().ContainsAnyExcept(Allowed) ? sent : null;
}
