using System.Text;

namespace Paradarum.Bench.Load;

/// <summary>Purges of paths as their bytes on the wire, made before they are sent.</summary>
internal static class PurgeBytes
{
    private const int Different = 1024;

    /// <summary>For request n of a connection; every connection goes through the same purges, each from another start.</summary>
    public static Func<int, int, byte[]> Of(long propertyId, string apiKey)
    {
        byte[][] purges =
        [
            .. Enumerable.Range(0, Different).Select(n => Bytes(propertyId, apiKey, $$"""{"type":"Path","value":"/images/{{n}}.png"}""")),
        ];
        return (connection, n) => purges[((connection * 31) + n) % Different];
    }

    private static byte[] Bytes(long propertyId, string apiKey, string body) =>
        Encoding.ASCII.GetBytes(
            $"POST /api/property/{propertyId}/purge HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {apiKey}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );
}
