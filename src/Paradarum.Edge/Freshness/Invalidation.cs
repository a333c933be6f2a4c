using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>What an unsafe method takes from the store (RFC 9111 §4.4).</summary>
internal static class Invalidation
{
    private static readonly string[] Fields = ["Location", "Content-Location"];

    /// <summary>GET, HEAD, OPTIONS and TRACE are safe; every other method, known or not, invalidates (RFC 9110 §9.2.1).</summary>
    public static bool IsUnsafe(string method) =>
        !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method) && !HttpMethods.IsTrace(method);

    /// <summary>Only an answer that is no error invalidates (2xx and 3xx).</summary>
    public static bool IsSuccess(int status) => status is >= 200 and <= 399;

    /// <summary>The URIs beside the target that are invalidated too: Location and Content-Location, resolved against the target. At most two.</summary>
    /// <remarks>Whether they belong to the same property is for the caller to check: a stranger must not empty another's store. Never throws.</remarks>
    public static IEnumerable<Uri> Others(Uri target, IHeaderDictionary received)
    {
        foreach (var field in Fields)
        {
            if (received[field] is [{ Length: > 0 } text] && Uri.TryCreate(target, text, out var uri) && uri.Scheme is "http" or "https")
                yield return uri;
        }
    }

    /// <summary>Whether the answer to a HEAD tells of another representation than the one that is stored (RFC 9111 §4.3.5): validator or length differ where both have them.</summary>
    /// <param name="stored">Fields of the stored 200.</param>
    /// <param name="length">Of its body, in bytes.</param>
    /// <param name="head">Fields of the 200 to the HEAD.</param>
    public static bool Contradicts(IHeaderDictionary stored, long length, IHeaderDictionary head) =>
        (head.ETag.Count > 0 && stored.ETag.Count > 0 && head.ETag != stored.ETag)
        || (head.LastModified.Count > 0 && stored.LastModified.Count > 0 && head.LastModified != stored.LastModified)
        || (head.ContentLength is { } told && told != length);
}
