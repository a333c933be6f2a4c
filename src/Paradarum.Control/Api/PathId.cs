using System.Globalization;

namespace Paradarum.Control.Api;

/// <summary>An id in a path (contract 1.3): a positive integer in ASCII digits.</summary>
internal static class PathId
{
    /// <summary>0, which names nothing, for any other text: then it is answered like an id that does not exist.</summary>
    public static long Read(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
}
