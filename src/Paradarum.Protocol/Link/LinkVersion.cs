namespace Paradarum.Protocol.Link;

/// <summary>Versions of the stream between control plane and nodes. Both sides name the range they speak; the highest common one is spoken.</summary>
public static class LinkVersion
{
    public const int Current = 1;

    public const int Oldest = 1;

    /// <summary>
    /// Largest message of the stream, in bytes. A batch's record holds at most what 4 MiB of JSON can name (contract 1.2): every byte percent-encoded is three,
    /// with 16 bytes of framing for each of 10 000 rules; the rest is head room. gRPC's own default is 4 MB.
    /// </summary>
    public const int LargestMessage = 32 << 20;

    /// <summary>The version to speak with a peer, or null when the ranges do not meet.</summary>
    public static int? Agree(int peersCurrent, int peersOldest) => Agree(Current, Oldest, peersCurrent, peersOldest);

    /// <summary>The same from the point of view of any version.</summary>
    internal static int? Agree(int current, int oldest, int peersCurrent, int peersOldest)
    {
        var version = Math.Min(current, peersCurrent);
        return version >= oldest && version >= peersOldest ? version : null;
    }

    /// <summary>Whether a version that the other side has chosen is one of ours.</summary>
    public static bool Speaks(int version) => version is >= Oldest and <= Current;
}
