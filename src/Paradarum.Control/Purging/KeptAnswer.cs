using System.Text;

namespace Paradarum.Control.Purging;

/// <summary>A remembered answer as its row holds it: length of the purge id (1 byte), the purge id in ASCII, the body. What a repetition gets, byte for byte.</summary>
internal static class KeptAnswer
{
    public static byte[] Write(AcceptedPurge accepted) =>
        [(byte)accepted.PurgeId.Length, .. Encoding.ASCII.GetBytes(accepted.PurgeId), .. accepted.Body.Span];

    public static (string PurgeId, ReadOnlyMemory<byte> Body) Read(byte[] kept) =>
        (Encoding.ASCII.GetString(kept, 1, kept[0]), kept.AsMemory(1 + kept[0]));
}
