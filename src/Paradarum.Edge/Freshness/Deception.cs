using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Paradarum.Edge.Freshness;

/// <summary>
/// Web cache deception: an application that answers <c>/account/x.css</c> with the account page, and a cache that keeps it because of its name. Where only the name or a
/// guess makes a response cacheable, a page under the name of a file is not stored; what the origin itself calls fresh is.
/// </summary>
internal static class Deception
{
    /// <summary>Why such a page is not stored, as Cache-Status says it.</summary>
    public const string Detail = "page-under-file-name";

    private static readonly FrozenSet<string> Files = new[]
    {
        "7z",
        "avi",
        "avif",
        "bmp",
        "bz2",
        "css",
        "csv",
        "doc",
        "docx",
        "eot",
        "exe",
        "flac",
        "gif",
        "gz",
        "ico",
        "iso",
        "jar",
        "jpeg",
        "jpg",
        "js",
        "map",
        "mid",
        "midi",
        "mjs",
        "mkv",
        "mp3",
        "mp4",
        "ogg",
        "otf",
        "pdf",
        "png",
        "ppt",
        "pptx",
        "svg",
        "svgz",
        "swf",
        "tar",
        "tif",
        "tiff",
        "ttf",
        "webm",
        "webp",
        "woff",
        "woff2",
        "xls",
        "xlsx",
        "zip",
        "zst",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <param name="path">As it was fetched.</param>
    /// <param name="received">Headers as the origin sent them.</param>
    public static bool IsLikely(string path, IHeaderDictionary received)
    {
        var dot = path.LastIndexOf('.');
        return dot > path.LastIndexOf('/')
            && Files.GetAlternateLookup<ReadOnlySpan<char>>().Contains(path.AsSpan(dot + 1))
            && received.ContentType is [{ } type]
            && (
                type.StartsWith("text/html", StringComparison.OrdinalIgnoreCase)
                || type.StartsWith("application/xhtml", StringComparison.OrdinalIgnoreCase)
            );
    }
}
