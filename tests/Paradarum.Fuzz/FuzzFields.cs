using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Paradarum.Fuzz;

/// <summary>Header fields out of an input: <c>name: value</c> lines, read as the server reads bytes above ASCII (Latin-1); a name may come again.</summary>
internal static class FuzzFields
{
    public static string Text(byte[] input) => Encoding.Latin1.GetString(input);

    public static IHeaderDictionary Read(byte[] input)
    {
        IHeaderDictionary headers = new HeaderDictionary();
        foreach (var line in Text(input).Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (line.AsSpan(0, Math.Max(colon, 0)).Trim() is { IsEmpty: false } name)
                headers.Append(name.ToString(), line[(colon + 1)..].Trim());
        }
        return headers;
    }

    /// <summary>A field that may be given several times: one line of the input each.</summary>
    public static StringValues Lines(byte[] input) => new(Text(input).Split('\n'));
}
