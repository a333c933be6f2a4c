using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Storage;

/// <summary>A body that is kept in slices: what makes two pieces parts of one body (design section 3: the same strong entity tag), and its length.</summary>
/// <param name="Tag">Strong, as sent.</param>
/// <param name="Length">Of the whole, in bytes.</param>
internal sealed record SlicedBody(string Tag, long Length);

/// <summary>Which piece of which body, under one primary key. Pieces of another size, kept under another setting, are other pieces.</summary>
internal sealed record SliceId(SlicedBody Of, long First, int Count)
{
    /// <summary>The slice that holds a position; the last one is shorter.</summary>
    public static SliceId At(SlicedBody body, long position, int size)
    {
        var first = position - (position % size);
        return new SliceId(body, first, (int)Math.Min(size, body.Length - first));
    }
}

/// <summary>
/// One slice of a large body: an incomplete response (RFC 9111 §3.3) that no request selects by itself. It hangs under the primary key of its object, has the stamp
/// of its own fetch, and is judged by the fence on its own: a purge needs to know nothing of slices.
/// </summary>
internal sealed class StoredSlice(Stamped fetchedBy, SliceId id, StoredBody body)
    : StoredResponse(fetchedBy, StatusCodes.Status206PartialContent, new HeaderDictionary(), body, default, VaryKey.None)
{
    internal override SliceId Slice { get; } = id;
}
